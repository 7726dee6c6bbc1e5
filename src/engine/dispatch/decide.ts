import {
  type FireReason,
  type FiresPassed,
  type FireTime,
  fireKey,
  type Instant,
  type Job,
  MINUTE,
} from "../../model/index.ts";

/** A fire handled within this time of its instant is on time; a later one is caught up (`catchUp`). */
export const ON_TIME_MS: number = MINUTE;

export interface DueFires {
  readonly fires: readonly FireTime[];
  readonly leftOut?: { readonly count: number; readonly first: FireTime; readonly last: FireTime };
}

export interface DispatchFacts {
  readonly job: Job;
  readonly due: DueFires;
  readonly now: Instant;
  /** Runs of this job that are queued, starting or running. */
  readonly openRuns: number;
  readonly queuedRuns: number;
  /** Why nothing of this job may start: a budget that holds it. */
  readonly held?: string;
  /** Said of a late fire: when and why nobody was there to start it. */
  readonly lateBecause: { readonly reason: FireReason; readonly detail: string };
}

export interface StartFire {
  readonly fire: FireTime;
  readonly catchUp: boolean;
}

export interface Decision {
  readonly starts: readonly StartFire[];
  readonly passed: readonly { readonly outcome: "skipped" | "missed"; readonly passed: FiresPassed }[];
}

/**
 * What becomes of each due fire, exactly one thing: it starts, it is skipped (a policy said so) or it is
 * missed (nobody was there). Pure; the counts add up to the fires that were due (invariant F2).
 */
export function decide(facts: DispatchFacts): Decision {
  const { job, due, now } = facts;
  const passed: { outcome: "skipped" | "missed"; passed: FiresPassed }[] = [];
  const pass = (
    outcome: "skipped" | "missed",
    fires: readonly FireTime[],
    reason: FireReason,
    detail: string,
  ): void => {
    const [first, last] = [fires[0], fires.at(-1)];
    if (!first || !last) return;
    passed.push({ outcome, passed: stretch(job.name, first, last, fires.length, reason, detail) });
  };

  const late = due.fires.filter((f) => now - f.at > ON_TIME_MS);
  const onTime = due.fires.filter((f) => now - f.at <= ON_TIME_MS);
  const { policy, cap } = job.schedule.catchUp;
  const owed =
    policy === "none"
      ? []
      : policy === "last"
        ? onTime.length > 0
          ? []
          : late.slice(-1)
        : late.slice(-Math.max(1, cap));
  const given = late.slice(0, late.length - owed.length);
  if (due.leftOut) {
    const { first, last, count } = due.leftOut;
    const over = policy === "all" ? "catchUpCap" : facts.lateBecause.reason;
    passed.push({ outcome: "missed", passed: stretch(job.name, first, last, count, over, facts.lateBecause.detail) });
  }
  if (policy === "all" && given.length > 0)
    pass("missed", given, "catchUpCap", `${facts.lateBecause.detail}; catchUp starts at most ${cap}`);
  else pass("missed", given, facts.lateBecause.reason, `${facts.lateBecause.detail}; catchUp: ${policy}`);

  const wanted = [...owed, ...onTime];
  if (facts.held !== undefined) {
    pass("skipped", wanted, "held", facts.held);
    return { starts: [], passed };
  }
  return { starts: admit(facts, wanted, new Set(owed), pass), passed };
}

/** Applies the overlap policy to the fires that shall start, in order. */
function admit(
  facts: DispatchFacts,
  wanted: readonly FireTime[],
  owed: ReadonlySet<FireTime>,
  pass: (outcome: "skipped", fires: readonly FireTime[], reason: FireReason, detail: string) => void,
): readonly StartFire[] {
  const { overlap, catchUp } = facts.job.schedule;
  const starts: StartFire[] = [];
  let queued = facts.queuedRuns;
  for (const fire of wanted) {
    const start = { fire, catchUp: owed.has(fire) };
    const busy = facts.openRuns + starts.length;
    if (overlap === "allow" || busy === 0) starts.push(start);
    else if (overlap === "replace") starts.push(start);
    else if (overlap === "queue" || (start.catchUp && facts.openRuns === 0)) {
      // Several owed fires of one catch-up follow one another: they do not overlap by running too long.
      if (queued >= catchUp.cap)
        pass("skipped", [fire], "overlap", `the queue already holds ${queued} runs (catchUp cap)`);
      else {
        queued += 1;
        starts.push(start);
      }
    } else pass("skipped", [fire], "overlap", "the run before it has not ended");
  }
  return starts;
}

export function stretch(
  job: string,
  first: FireTime,
  last: FireTime,
  count: number,
  reason: FireReason,
  detail: string,
): FiresPassed {
  return {
    job,
    from: first.at,
    to: last.at,
    count,
    firstFire: fireKey(job, first.local, first.ordinal),
    lastFire: fireKey(job, last.local, last.ordinal),
    reason,
    detail,
  };
}
