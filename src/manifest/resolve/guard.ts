import type { GuardLimits, RetryPolicy } from "../../model/index.ts";
import type { GuardLayer, RetryLayer } from "../define/guard.ts";
import type { Path } from "../locate.ts";
import type { Problem } from "../report.ts";
import { otherCurrency } from "./frame.ts";

type Say = (path: Path, problem: Problem) => void;

/** Less than this cannot be told from a pause: samples come every few seconds, and two must be seen. */
const LEAST_IDLE_SECONDS = 60;
const LEAST_HEARTBEAT_SECONDS = 10;
const LONGEST_GRACE_SECONDS = 3600;

/** Limits with their defaults; paths are relative to the guard. */
export function resolveGuard(layer: GuardLayer, currency: string, say: Say): GuardLimits {
  checkGuard(layer, currency, say);
  const { idle, heartbeat, duration, cost, output, disk } = layer;
  return {
    mode: layer.mode ?? "enforce",
    onBreach: layer.onBreach ?? "stop",
    protect: layer.protect ?? false,
    graceSeconds: layer.grace ?? 30,
    ...(idle == null ? {} : { idleSeconds: idle }),
    idleCpu: layer.idleCpu ?? 0.02,
    ...(heartbeat == null ? {} : { heartbeatSeconds: heartbeat }),
    ...(duration == null ? {} : { durationSeconds: duration }),
    ...(cost == null ? {} : { cost }),
    costWarn: layer.costWarn ?? 0.8,
    ...(output == null ? {} : { outputBytes: output }),
    ...(disk == null ? {} : { diskBytes: disk }),
  };
}

function checkGuard(layer: GuardLayer, currency: string, say: Say): void {
  const { idle, heartbeat, duration, cost, grace } = layer;
  if (typeof idle === "number" && idle < LEAST_IDLE_SECONDS) {
    const message = "less than a minute of idleness cannot be told from a pause";
    say(["idle"], { code: "R1070", message, hint: "the least is 1m; most jobs do well with 10m to 30m" });
  }
  if (typeof heartbeat === "number" && heartbeat < LEAST_HEARTBEAT_SECONDS) {
    say(["heartbeat"], { code: "R1070", message: "a heartbeat is at least 10s apart", hint: "write 10s or more" });
  }
  if (grace !== undefined && grace > LONGEST_GRACE_SECONDS) {
    say(["grace"], {
      code: "R1071",
      message: "a stopped run would go on for more than an hour",
      hint: "the most is 1h",
    });
  }
  if (cost && cost.currency !== currency) say(["cost"], otherCurrency(cost.currency, currency));
  if (cost && /^0(\.0+)?$/.test(cost.amount)) {
    say(["cost"], { code: "R1070", message: "a cost of nothing stops every run", hint: "write none for no limit" });
  }
  if (typeof idle === "number" && typeof duration === "number" && idle >= duration) {
    const message = "this is not shorter than `duration`, which ends the run first";
    say(["idle"], { code: "R1073", message, hint: "make it shorter, or write none", severity: "warning" });
  }
  if (layer.protect === true && layer.onBreach === "stop") {
    const message = "a protected job is never stopped: `onBreach: stop` has no effect";
    say(["onBreach"], { code: "R1072", message, hint: "remove one of the two", severity: "warning" });
  }
}

export function resolveRetry(layer: RetryLayer, say: Say): RetryPolicy {
  const { attempts = 1, backoff = 30, maxBackoff = Math.max(backoff, 3600) } = layer;
  if (maxBackoff < backoff) {
    say(["maxBackoff"], {
      code: "R1025",
      message: "the longest wait is shorter than the first",
      hint: "raise it to `backoff`",
    });
  }
  return { attempts, backoffSeconds: backoff, maxBackoffSeconds: maxBackoff };
}
