import type { Clock, Random } from "../../../src/model/index.ts";
import { createLimiter, type Limiter, ProviderError, throwIfAborted } from "../../../src/provider/index.ts";
import { classify } from "../errors.ts";
import type { CallName, Calls, Connection } from "./calls.ts";

/** How a call that failed in passing is sent again. */
const ATTEMPTS = 8;
const BASE_MS = 250;
const MOST_MS = 20_000;
const WITHIN_MS = 120_000;
/**
 * One limiter for each region and service: the rates at which AWS fills its buckets are of that order (ECS API request
 * rates 20 to 50 a second, EventBridge Scheduler far more). When AWS throttles all the same, everything waits.
 */
const LIMITS = { concurrency: 12, perSecond: 40, burst: 60 };

/** Reads, and changes that do nothing the second time: by name, or because they carry a token. */
const REPEATABLE: ReadonlySet<CallName> = new Set<CallName>([
  "scheduler:GetSchedule",
  "scheduler:ListSchedules",
  "scheduler:CreateSchedule",
  "scheduler:CreateScheduleGroup",
  "scheduler:ListScheduleGroups",
  "scheduler:ListTagsForResource",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTaskDefinitions",
  "ecs:ListTaskDefinitionFamilies",
  "ecs:ListTasks",
  "ecs:DescribeTasks",
  "ecs:DescribeClusters",
  "logs:PutRetentionPolicy",
  "logs:GetLogEvents",
  "logs:FilterLogEvents",
  "sts:GetCallerIdentity",
  "ec2:DescribeSubnets",
]);

export interface Api {
  /** Throws ProviderError only. */
  send<K extends CallName>(call: K, input: Calls[K]["input"], signal?: AbortSignal): Promise<Calls[K]["output"]>;
  close(): void;
}

export interface ApiSettings {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Shared by all placements of one daemon in a region: they draw on the same quotas. */
const limiters = new WeakMap<Clock, Map<string, Limiter>>();

/** The connection, with limits, repetition and closed codes; every call but the first question waits for the account to be the right one. */
export function createApi(connection: Connection, settings: ApiSettings): Api {
  let checked: Promise<void> | undefined;
  const checkAccount = async (): Promise<void> => {
    const { Account } = await repeat("sts:GetCallerIdentity", {}, undefined);
    if (Account === settings.account) return;
    throw new ProviderError("denied", `the credentials are of account ${Account}, not ${settings.account}`, {
      fix: "use the credentials of that account, or say the other one in providers.*.account",
    });
  };
  const repeat = async <K extends CallName>(
    call: K,
    input: Calls[K]["input"],
    signal: AbortSignal | undefined,
  ): Promise<Calls[K]["output"]> => {
    const { clock, random } = settings;
    const limiter = limiterFor(settings, call);
    const startedAt = clock.monotonic();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await limiter.run(signal, () => once(call, input, attempt, signal));
      } catch (error) {
        const problem = classify(error, call);
        const mayRepeat =
          problem.code === "throttled" || (problem.code === "unavailable" && REPEATABLE.has(call) && !signal?.aborted);
        const waitMs = problem.retryAfterMs ?? pauseMs(attempt, random);
        if (!mayRepeat || attempt >= ATTEMPTS || clock.monotonic() + waitMs > startedAt + WITHIN_MS) throw problem;
        await clock.sleep(waitMs, signal);
        throwIfAborted(signal);
      }
    }
  };
  /** A throttled answer says how long all others wait as well, also where AWS itself does not. */
  const once = async <K extends CallName>(
    call: K,
    input: Calls[K]["input"],
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<Calls[K]["output"]> => {
    try {
      return await connection.send(call, input, signal);
    } catch (error) {
      const problem = classify(error, call);
      if (problem.code !== "throttled" || problem.retryAfterMs !== undefined) throw problem;
      throw new ProviderError(problem.code, problem.message, {
        cause: problem.cause,
        retryAfterMs: pauseMs(attempt, settings.random),
        ...(problem.fix === undefined ? {} : { fix: problem.fix }),
      });
    }
  };
  return {
    async send(call, input, signal) {
      throwIfAborted(signal);
      if (call !== "sts:GetCallerIdentity") {
        checked ??= checkAccount();
        try {
          await checked;
        } catch (error) {
          checked = undefined;
          throw error;
        }
      }
      return repeat(call, input, signal);
    },
    close: () => connection.close(),
  };
}

function pauseMs(attempt: number, random: Random): number {
  return Math.min(MOST_MS, BASE_MS * 2 ** (attempt - 1)) * (0.5 + random.next() / 2);
}

function limiterFor({ clock, region }: ApiSettings, call: CallName): Limiter {
  const known = limiters.get(clock) ?? new Map<string, Limiter>();
  limiters.set(clock, known);
  const key = `${region} ${call.split(":")[0]}`;
  const limiter = known.get(key) ?? createLimiter(LIMITS, clock);
  known.set(key, limiter);
  return limiter;
}
