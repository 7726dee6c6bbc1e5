import { type Instant, MINUTE, type Run } from "../model/index.ts";
import type { ExpectedFire } from "./expect.ts";
import type { Downtime, FireFact, FireState } from "./shapes.ts";

export const DEFAULT_GRACE_MS: number = 2 * MINUTE;

/** What is known of one fire. */
export interface FireEvidence {
  readonly fire: ExpectedFire;
  readonly attempts: readonly Run[];
  readonly record: FireFact | undefined;
  readonly now: Instant;
  readonly graceMs: number;
  readonly downtimes: readonly Downtime[];
}

export interface Judged {
  readonly state: FireState;
  readonly reason?: string;
  readonly by?: "rule";
}

/**
 * Skips that are the manifest's word and need nobody: the job still runs (`overlap`), or is held as agreed.
 * A fire skipped for a failed predecessor is missed: the work was not done.
 */
const BY_RULE: ReadonlySet<string> = new Set(["overlap", "held", "clock", "undeployed", "catchUpPolicy", "unseen"]);

/** The state of a fire by what is recorded; a run, where there is one, speaks before a record. */
export function judgeFire(evidence: FireEvidence): Judged {
  const last = evidence.attempts.at(-1);
  if (last) return judgeRun(last, evidence);
  const { record } = evidence;
  if (!record) return judgeSilence(evidence);
  if (record.outcome === "started") {
    return { state: "running", reason: `run ${record.run ?? "unknown"} was created; its record is not at hand` };
  }
  const reason = [record.reason, record.detail].filter((part) => part !== undefined && part !== "").join(": ");
  if (record.outcome === "skipped" && BY_RULE.has(record.reason ?? "")) {
    return { state: "excused", by: "rule", reason: `skipped, ${reason}` };
  }
  return { state: "missed", reason: reason === "" ? "recorded as missed, without a reason" : reason };
}

function judgeRun(run: Run, { attempts, now }: FireEvidence): Judged {
  const why = withReason(run);
  switch (run.status) {
    case "succeeded":
      return { state: "ran", ...successNote(run, attempts) };
    case "failed":
      return { state: "failed", ...why };
    case "lost":
      return { state: "failed", reason: run.reason ?? "how it ended is not known" };
    case "killed":
      return { state: "killed", ...why };
    case "skipped":
      return { state: "missed", reason: `not started: ${run.reason ?? "without a reason"}` };
    case "queued":
      if (attempts.length > 1) return { state: "running", reason: retryText(run, attempts.at(-2), now) };
      return { state: "late", reason: "waits in the queue" };
    case "starting":
    case "running":
      return attempts.length > 1 ? { state: "running", reason: `attempt ${run.attempt}` } : { state: "running" };
  }
}

function withReason({ reason, exitCode }: Run): { readonly reason?: string } {
  if (reason !== undefined && reason !== "") return { reason };
  return exitCode === undefined ? {} : { reason: `exit code ${exitCode}` };
}

function successNote(run: Run, attempts: readonly Run[]): { readonly reason?: string } {
  if (attempts.length > 1) return { reason: `at attempt ${run.attempt}` };
  return run.cause === "catchUp" ? { reason: "caught up late" } : {};
}

function retryText(run: Run, before: Run | undefined, now: Instant): string {
  const failed = before ? `attempt ${before.attempt} ${before.status}` : "the attempt before failed";
  if (run.notBefore === undefined || run.notBefore <= now) return `${failed}; attempt ${run.attempt} waits to start`;
  return `${failed}; attempt ${run.attempt} starts in ${Math.ceil((run.notBefore - now) / 1000)} s`;
}

function judgeSilence({ fire, now, graceMs, downtimes }: FireEvidence): Judged {
  if (fire.at > now) return { state: "upcoming" };
  const down = downtimes.find(({ from, to }) => from <= fire.at && (to === undefined || fire.at <= to));
  if (now - fire.at <= graceMs) return { state: "late", reason: "due, and nothing is recorded of it yet" };
  if (down) return { state: "missed", reason: "daemonDown: no daemon was running at its time" };
  return { state: "missed", reason: "nothing is recorded of it: no run, no skip, no miss" };
}
