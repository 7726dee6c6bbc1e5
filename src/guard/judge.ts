import type { Breach, GuardLimits, Verdict } from "../model/index.ts";
import type { Answer } from "./answer.ts";
import { judgeCost } from "./cost.ts";
import type { Metrics, RunFacts } from "./facts.ts";
import { judgeHeartbeat } from "./heartbeat.ts";
import { judgeIdle } from "./idle.ts";
import { judgeDisk, judgeDuration, judgeOutput } from "./limits.ts";
import { buildTimeline, type Timeline } from "./timeline.ts";

/**
 * The verdict on a run: `stop` with every limit it has passed, `unknown` with what is missing, or `keep`.
 *
 * A function of its facts alone. Unknown never kills, and a limit about which something is missing does not hide
 * another that is surely passed. A run that was not confirmed in this round is not judged at all. What follows
 * from `stop` (`mode`, `onBreach`, `protect`) is `actionFor`'s to say.
 */
export function judge(facts: RunFacts): Verdict {
  if (!facts.confirmedRunning) {
    return { kind: "unknown", missing: ["the provider has not confirmed in this round that the run is running"] };
  }
  let built: Timeline | undefined;
  const timeline = (): Timeline => {
    built ??= buildTimeline(facts);
    return built;
  };
  const answers: readonly Answer[] = [
    judgeIdle(facts, timeline),
    judgeHeartbeat(facts, timeline),
    judgeDuration(facts),
    judgeCost(facts),
    judgeOutput(facts),
    judgeDisk(facts),
  ];
  const [first, ...more] = answers.flatMap((answer) => (answer.breach ? [answer.breach] : []));
  if (first) return { kind: "stop", breaches: [first, ...more] };
  const warnings = answers.flatMap((answer) => answer.warnings ?? []);
  const missing = answers.flatMap((answer) => answer.missing ?? []);
  if (missing.length === 0) return { kind: "keep", warnings };
  return { kind: "unknown", missing: [...missing, ...(facts.unavailable ?? [])], ...withWarnings(warnings) };
}

function withWarnings(warnings: readonly Breach[]): { readonly warnings?: readonly Breach[] } {
  return warnings.length > 0 ? { warnings } : {};
}

/** What the guard does about a breach, in the order of what forbids most: observing, then protection, then notifying. */
export function actionFor(
  limits: Pick<GuardLimits, "mode" | "onBreach" | "protect">,
): "stop" | "notify" | "observe" | "protected" {
  if (limits.mode === "observe") return "observe";
  if (limits.protect) return "protected";
  return limits.onBreach;
}

/** Limits that a platform with these metrics can never judge, each with the reason: for `plan` and `doctor`. */
export function blindLimits(limits: GuardLimits, metrics: Metrics): readonly string[] {
  const blind: string[] = [];
  if (limits.idleSeconds !== undefined && !metrics.cpu) {
    blind.push("idle is not judged here: this platform cannot tell how much CPU a run uses");
  }
  if (limits.outputBytes !== undefined && !metrics.output) {
    blind.push("output is not judged here: this platform cannot tell how much a run prints");
  }
  return blind;
}
