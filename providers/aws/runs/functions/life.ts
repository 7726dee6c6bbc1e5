import { type Billed, type Instant, MINUTE } from "../../../../src/model/index.ts";
import type { RunState } from "../../../../src/provider/index.ts";
import type { FunctionFacts } from "./facts.ts";
import type { Attempt, Invocation } from "./table.ts";

/** Developer guide, "How Lambda handles errors and retries with asynchronous invocation": three attempts, a minute and two apart. */
const RETRIES_AFTER_MS: readonly number[] = [MINUTE, 2 * MINUTE];
/** The next attempt may begin so much later than it could, and its line come in so late. */
const SLACK_MS = 3 * MINUTE;
const UNTOLD = "neither its log nor what CloudWatch counts says whether it failed: let the function log as JSON";
const CUT_OFF = "its log tells of no end, long after the function's time limit";

export type Life = Pick<RunState, "phase" | "outcome" | "startedAt" | "endedAt" | "reason" | "billed">;

/** What has become of an invocation by what the log had at `upTo`. */
export function lifeOf({ attempts }: Invocation, facts: FunctionFacts, upTo: Instant): Life {
  const [first] = attempts;
  const last = attempts.at(-1);
  if (!first || !last) return { phase: "starting" };
  const billed = billedOf(attempts, facts);
  const begun = { startedAt: first.startedAt, ...(billed && { billed }) };
  const { end } = last;
  if (!end) {
    const isLong = upTo > last.startedAt + facts.timeoutMs + SLACK_MS;
    if (!isLong) return { ...begun, phase: "running" };
    return { ...begun, phase: "ended", outcome: "lost", endedAt: last.startedAt + facts.timeoutMs, reason: CUT_OFF };
  }
  const wait = RETRIES_AFTER_MS[attempts.length - 1];
  const mayComeAgain = end.verdict === "failed" && wait !== undefined && upTo < end.at + wait + SLACK_MS;
  if (end.verdict === "untold" || mayComeAgain) return { ...begun, phase: "running" };
  const reason = end.verdict === "lost" ? UNTOLD : end.verdict === "failed" ? failure(attempts, end) : undefined;
  return {
    ...begun,
    phase: "ended",
    outcome: end.verdict,
    endedAt: end.at,
    ...(reason === undefined ? {} : { reason }),
  };
}

function failure(attempts: readonly Attempt[], { reason }: NonNullable<Attempt["end"]>): string {
  const what = reason ?? "the function failed; its log says how";
  return attempts.length === 1 ? what : `${what} (attempt ${attempts.length} of Lambda's own)`;
}

/** By Lambda's own reports, which bill each attempt; before the first of them, by the function as it stands. */
export function billedOf(
  attempts: readonly Attempt[],
  { service, memoryBytes, isPriced }: FunctionFacts,
): Billed | undefined {
  if (!isPriced) return undefined;
  const ends = attempts.flatMap(({ end }) => end ?? []);
  if (ends.length < attempts.length) return { service, memoryBytes, starts: attempts.length };
  const sizes = new Set(ends.map((end) => end.memoryBytes));
  const [size] = sizes;
  const billed = ends.flatMap(({ billedMs }) => billedMs ?? []);
  // A size that changed between two attempts has no one price.
  if (size === undefined || sizes.size > 1 || billed.length < ends.length) return undefined;
  return {
    service,
    memoryBytes: size,
    billedMs: billed.reduce((sum, each) => sum + each, 0),
    starts: attempts.length,
  };
}
