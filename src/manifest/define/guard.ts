import { z } from "zod";
import type { Money } from "../../model/index.ts";
import { parseBytes, parseDuration, parseMoney } from "../units.ts";
import { choice, duration, flag, LIMIT_PATTERNS, limit, percent, whole } from "./leaf.ts";

/** A limit that is null was taken away with `none`. */
export interface GuardLayer {
  readonly mode?: "enforce" | "observe" | undefined;
  readonly onBreach?: "stop" | "notify" | undefined;
  readonly protect?: boolean | undefined;
  readonly grace?: number | undefined;
  readonly idle?: number | null | undefined;
  readonly idleCpu?: number | undefined;
  readonly heartbeat?: number | null | undefined;
  readonly duration?: number | null | undefined;
  readonly cost?: Money | null | undefined;
  readonly costWarn?: number | undefined;
  readonly output?: number | null | undefined;
  readonly disk?: number | null | undefined;
}

const P = LIMIT_PATTERNS;

export const guard: z.ZodType<GuardLayer> = z
  .strictObject({
    mode: choice(
      ["enforce", "observe"],
      "`observe` says what would have been stopped, and stops nothing. Default enforce.",
    ).optional(),
    onBreach: choice(["stop", "notify"], "What happens at a limit. Default stop.").optional(),
    protect: flag("Never stop this job, only notify. Default false.").optional(),
    grace: duration("Between the polite stop and the hard one. Default 30s.", "30s").optional(),
    idle: limit(parseDuration, P.duration, "No sign of progress for this long.", "30m").optional(),
    idleCpu: percent("Share of the CPU asked for at or under which it counts as none. Default 2%.", "2%").optional(),
    heartbeat: limit(parseDuration, P.duration, "It has not reported progress for this long.", "10m").optional(),
    duration: limit(parseDuration, P.duration, "Time since it really started.", "2h").optional(),
    cost: limit(parseMoney, P.money, "Metered cost.", "5 USD").optional(),
    costWarn: percent("Share of `cost` at which a warning goes out. Default 80%.", "80%").optional(),
    output: limit(parseBytes, P.size, "Bytes written to stdout and stderr.", "1GiB").optional(),
    disk: limit(parseBytes, P.size, "Bytes in the run's own working directory.", "20GiB").optional(),
  })
  .meta({ description: "Limits of a run. A limit that is not there is no limit." });

export interface RetryLayer {
  readonly attempts?: number | undefined;
  readonly backoff?: number | undefined;
  readonly maxBackoff?: number | undefined;
}

export const retry: z.ZodType<RetryLayer> = z
  .strictObject({
    attempts: whole(1, 20, "Starts in all, the first one counted. Default 1: no retry.").optional(),
    backoff: duration("Wait before the second start; doubled for each one after it. Default 30s.", "30s").optional(),
    maxBackoff: duration("The longest wait. Default 1h.", "1h").optional(),
  })
  .meta({ description: "What happens when a run fails by itself. A run that was stopped is not started again." });
