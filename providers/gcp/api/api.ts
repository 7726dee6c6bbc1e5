import type { Clock, Random } from "../../../src/model/index.ts";
import { createLimiter, createSend, type Limiter, throwIfAborted } from "../../../src/provider/index.ts";
import { classify } from "../errors.ts";
import type { CallName, Calls, Connection } from "./calls.ts";

/**
 * What Google lets through by project and region: Cloud Scheduler 500 writes a minute (Quotas and limits), the Cloud Run
 * Admin API 180 writes and 3,000 reads a minute, Logging 60 reads a minute, Monitoring 6,000. Somewhat less, because
 * others call as well; when Google throttles all the same, everything waits.
 */
const RATES: Readonly<
  Record<string, { readonly concurrency: number; readonly perSecond: number; readonly burst: number }>
> = {
  "cloudscheduler write": { concurrency: 8, perSecond: 450 / 60, burst: 30 },
  "cloudscheduler read": { concurrency: 8, perSecond: 20, burst: 60 },
  "run write": { concurrency: 6, perSecond: 160 / 60, burst: 20 },
  "run read": { concurrency: 8, perSecond: 2700 / 60, burst: 60 },
  // Of Batch's quotas no figure is published for certain: few enough for a small one.
  "batch write": { concurrency: 4, perSecond: 2, burst: 20 },
  "batch read": { concurrency: 4, perSecond: 5, burst: 30 },
  "logging read": { concurrency: 2, perSecond: 0.9, burst: 10 },
  "monitoring read": { concurrency: 8, perSecond: 20, burst: 60 },
};

/**
 * Reads, and changes that do nothing the second time: a creation bears its name. Not a start, which bears no key, and
 * not an update under an etag, which would be in conflict with itself.
 */
const REPEATABLE = /:(?:List|Get|Pause|Resume|Cancel|Create|Delete)|^cloudscheduler:Update/;

export interface Api {
  /** Throws ProviderError only. */
  send<K extends CallName>(call: K, input: Calls[K]["input"], signal?: AbortSignal): Promise<Calls[K]["output"]>;
  identity(): Promise<string | undefined>;
  close(): void;
}

export interface ApiSettings {
  readonly project: string;
  readonly location: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Shared by all placements of one daemon in a project and region: they draw on the same quotas. */
const limiters = new WeakMap<Clock, Map<string, Limiter>>();

/** The connection, with limits, repetition and closed codes. */
export function createApi(connection: Connection, settings: ApiSettings): Api {
  const send = createSend(settings.clock, settings.random);
  return {
    async send(call, input, signal) {
      throwIfAborted(signal);
      const order = {
        repeatable: REPEATABLE.test(call),
        limiter: limiterFor(settings, call),
        signal,
        classify: (error: unknown) => classify(error, call),
      };
      return send(order, () => connection.send(call, input, signal));
    },
    identity: () => connection.identity(),
    close: () => connection.close(),
  };
}

function limiterFor({ clock, project, location }: ApiSettings, call: CallName): Limiter {
  const known = limiters.get(clock) ?? new Map<string, Limiter>();
  limiters.set(clock, known);
  const quota = `${call.split(":")[0]} ${/:(?:List|Get)/.test(call) ? "read" : "write"}`;
  const key = `${project} ${location} ${quota}`;
  const rates = RATES[quota];
  if (!rates) throw new Error(`no rate for ${call}`);
  const limiter = known.get(key) ?? createLimiter(rates, clock);
  known.set(key, limiter);
  return limiter;
}
