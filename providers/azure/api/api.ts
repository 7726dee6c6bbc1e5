import type { Clock, Random } from "../../../src/model/index.ts";
import { createLimiter, createSend, type Limiter, pages, throwIfAborted } from "../../../src/provider/index.ts";
import { classify, refusal } from "../errors.ts";
import type { Answer, Connection, Request } from "./connection.ts";
import { followed } from "./operation.ts";

/**
 * The buckets of a subscription and whoever calls it (ARM, "Understand how Azure Resource Manager throttles requests":
 * 250 reads and 25 more a second, 200 writes and 10 more). A part is left to others, and looks at runs in flight have one
 * of their own, so that a round over a thousand jobs keeps no stop waiting. Queries of logs have a quota apart.
 */
const LIMITS = {
  reads: { concurrency: 16, perSecond: 13, burst: 150 },
  looks: { concurrency: 8, perSecond: 9, burst: 75 },
  writes: { concurrency: 8, perSecond: 8, burst: 160 },
  logs: { concurrency: 3, perSecond: 5, burst: 20 },
} as const;

export interface Change {
  readonly method: "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly to?: Request["to"];
  /** It does nothing the second time, or does the same again. */
  readonly repeatable: boolean;
  /** Answers when the change has come to its end, and not when it was accepted. */
  readonly follow?: boolean;
}

/** `looks`: at a run in flight. */
export type Reading = "reads" | "looks";

/** Throws ProviderError only. */
export interface Api {
  get<T>(path: string, signal?: AbortSignal, as?: Reading): Promise<T>;
  /** All pages of a collection, or an error. */
  list<T>(path: string, signal?: AbortSignal): Promise<readonly T[]>;
  change(change: Change, signal?: AbortSignal): Promise<Answer>;
  /** A query of Log Analytics. */
  query<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T>;
  /** Waits as long as a resource that is under way is given between two looks. */
  pause(signal?: AbortSignal): Promise<void>;
  close(): void;
}

export interface ApiSettings {
  readonly subscription: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Shared by all placements of one daemon in a subscription: they draw on the same buckets. */
const limiters = new WeakMap<Clock, Map<string, Limiter>>();
const PAUSE_MS = 2_000;

/** The connection, with limits, repetition, long-running operations and closed codes. */
export function createApi(connection: Connection, settings: ApiSettings): Api {
  const { clock } = settings;
  const send = createSend(clock, settings.random);
  const sent = (
    request: Request,
    repeatable: boolean,
    signal: AbortSignal | undefined,
    as: Reading = "reads",
  ): Promise<Answer> => {
    const call = callOf(request);
    const limiter = limiterFor(settings, bucketOf(request, as));
    return send({ repeatable, limiter, signal, classify: (error) => classify(error, call) }, async () => {
      const answer = await connection.send(request, signal);
      if (answer.status >= 400) throw refusal(answer, call);
      return answer;
    });
  };
  const read = (path: string, signal: AbortSignal | undefined, as?: Reading): Promise<Answer> =>
    sent({ method: "GET", path, to: "resourceManager" }, true, signal, as);
  return {
    async get<T>(path: string, signal?: AbortSignal, as?: Reading): Promise<T> {
      throwIfAborted(signal);
      const { body, headers } = await read(path, signal, as);
      return withEtag(body, headers["etag"]) as T;
    },
    list<T>(path: string, signal?: AbortSignal): Promise<readonly T[]> {
      return pages(async (token) => {
        const { body } = await read(token ?? path, signal);
        const page = (body ?? {}) as { readonly value?: readonly T[]; readonly nextLink?: string };
        return { items: page.value ?? [], next: page.nextLink };
      });
    },
    async change(change, signal) {
      throwIfAborted(signal);
      const { method, path, body, headers, to = "resourceManager" } = change;
      const request: Request = { method, path, to, ...(headers && { headers }), ...(body !== undefined && { body }) };
      const answer = await sent(request, change.repeatable, signal);
      if (!change.follow) return answer;
      const call = callOf(request);
      return followed(answer, { clock, signal, call, read: (next) => sent(next, true, signal) });
    },
    async query<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
      throwIfAborted(signal);
      return (await sent({ method: "POST", path, to: "logs", body }, true, signal)).body as T;
    },
    async pause(signal) {
      await clock.sleep(PAUSE_MS, signal);
      throwIfAborted(signal);
    },
    close: () => connection.close(),
  };
}

/** Some services say it in the header alone. */
function withEtag(body: unknown, etag: string | undefined): unknown {
  return etag === undefined || body === null || typeof body !== "object" ? body : { etag, ...body };
}

function bucketOf({ method, to }: Request, as: Reading): keyof typeof LIMITS {
  if (to === "logs") return "logs";
  return method === "GET" ? as : "writes";
}

/** `PUT Microsoft.App/jobs/NAME`: enough to know what was asked, and never a query, which may hold a signature. */
function callOf({ method, path, to }: Request): string {
  if (to === "none") return `${method} the workflow's own address`;
  const [bare = ""] = path.replace(/^https?:\/\/[^/]+/i, "").split("?", 1);
  return `${method} ${bare.replace(/^.*\/providers\//i, "").replace(/^\/subscriptions\/[^/]+/i, "the subscription")}`;
}

function limiterFor({ clock, subscription }: ApiSettings, bucket: keyof typeof LIMITS): Limiter {
  const known = limiters.get(clock) ?? new Map<string, Limiter>();
  limiters.set(clock, known);
  const key = `${subscription} ${bucket}`;
  const limiter = known.get(key) ?? createLimiter(LIMITS[bucket], clock);
  known.set(key, limiter);
  return limiter;
}
