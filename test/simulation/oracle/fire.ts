import { type FireTime, fireKey, MINUTE } from "../../../src/model/index.ts";
import { fires } from "../../../src/schedule/index.ts";
import { type Span, touches, within } from "../faults.ts";
import { CLOUD } from "../manifest.ts";
import type { At, Facts, Segment } from "./facts.ts";

/** A fire is on time within a minute; beyond it somebody must have been in the way. */
const LATE_MS: number = 70_000;
/** Fires younger than this at the end may still be on their way. */
const FRESH_MS: Readonly<Record<string, number>> = { [CLOUD]: 20 * MINUTE };
const AT_ONCE_MS: number = 2 * MINUTE;

type Passed = At<"fire.skipped"> | At<"fire.missed">;

export function examineFires(facts: Facts): void {
  const started = new Map<string, At<"fire.started">[]>();
  for (const entry of facts.of("fire.started")) {
    started.set(entry.event.fire, [...(started.get(entry.event.fire) ?? []), entry]);
  }
  const passed: Passed[] = [...facts.of("fire.skipped"), ...facts.of("fire.missed")];
  const due = new Set<string>();
  for (const segment of facts.segments) examineSegment(facts, segment, started, passed, due);
  for (const [key, [first]] of started) {
    if (first)
      facts.check(due.has(key), "F2", first.at, () => `${key} was started, and no schedule had such a fire`, {
        job: first.event.job,
      });
  }
  for (const entry of passed) examineReason(facts, entry);
  examineCatchUp(facts);
}

/** F2: each fire that was due has exactly one outcome, and the counts of stretches are those of the schedule. */
function examineSegment(
  facts: Facts,
  segment: Segment,
  started: ReadonlyMap<string, readonly At<"fire.started">[]>,
  passed: readonly Passed[],
  due: Set<string>,
): void {
  const { job, desired, placement } = segment;
  const cloud = placement === CLOUD;
  const end = Math.min(segment.until, facts.story.endAt);
  const settled = facts.story.endAt - (FRESH_MS[placement] ?? AT_ONCE_MS);
  const all = fires(desired.job.schedule, desired.slot, segment.since + 1, end + 1);
  const mine = passed.filter((p) => p.event.job === job && p.seq > segment.fromSeq);
  const unsure = cloud ? changes(facts) : [];
  for (const fire of all) {
    const key = fireKey(job, fire.local, fire.ordinal);
    due.add(key);
    if (fire.at > settled) continue;
    // At the vendor an edit holds from when it was carried out, which is a moment before it is on record.
    if (within(unsure, fire.at)) continue;
    const starts = started.get(key)?.filter((s) => s.event.fireAt === fire.at).length ?? 0;
    const reasons = mine.filter((p) => p.event.from <= fire.at && fire.at <= p.event.to);
    const words = (): string =>
      `${key} has ${starts} starts and ${reasons.length} reasons (${reasons.map((r) => r.event.reason).join(", ")})`;
    facts.check(starts + reasons.length === 1, starts > 1 ? "F1" : "F2", fire.at, words, { job });
    if (cloud) examineNative(facts, segment, fire, starts);
  }
  for (const p of mine) {
    if (p.seq > segment.toSeq || cloud) continue;
    const count = all.filter((f) => p.event.from <= f.at && f.at <= p.event.to).length;
    facts.check(
      count === p.event.count,
      "F2",
      p.at,
      () => `${p.event.firstFire}…: ${p.event.count} are said, ${count} are the schedule's`,
      { job },
    );
  }
}

/** What the vendor really started is on record, and nothing else. */
function examineNative(facts: Facts, { job }: Segment, fire: FireTime, starts: number): void {
  const real = facts.story.executions.filter(
    (e) => e.startedBy === "schedule" && e.request.job.name === job && e.request.fireAt === fire.at,
  ).length;
  if (real > 0)
    facts.check(
      starts > 0,
      "F2",
      fire.at,
      () => `the vendor ran ${job} at ${iso(fire.at)}, and it is recorded as missed`,
      { job },
    );
  else
    facts.check(starts === 0, "F2", fire.at, () => `${job} is recorded as started at ${iso(fire.at)}, and never ran`, {
      job,
    });
}

function changes(facts: Facts): Span[] {
  return facts.story.deployments.map((d) => ({ from: d.asked, to: (d.done ?? Number.POSITIVE_INFINITY) + 2 * MINUTE }));
}

/** K4, F6: a fire was passed over for the reason that is given, and the reason is true. */
function examineReason(facts: Facts, entry: Passed): void {
  const { event, at, seq } = entry;
  const { job } = event;
  if (facts.segments.findLast((s) => s.job === job && s.fromSeq < seq)?.placement === CLOUD) return;
  const words = (why: string) => (): string =>
    `${event.firstFire} (${event.count}) was ${entry.event.type.slice(5)}, ${event.reason}: ${why}`;
  if (event.reason === "overlap") {
    const open = [...facts.told.values()].some(
      (t) =>
        t.run.job === job &&
        t.created.at <= at &&
        t.created.seq <= seq + 20 &&
        (t.ended[0]?.seq ?? Number.POSITIVE_INFINITY) > seq,
    );
    facts.check(open, "F6", at, words("no other run of the job was open"), { job });
    return;
  }
  if (event.reason === "held") return;
  if (event.reason === "clock") {
    // A local time comes twice, and its name with it, where an edit has moved the job to a zone further west.
    const zones = new Set(
      facts.segments.filter((s) => s.job === job && s.fromSeq < seq).map((s) => s.desired.job.schedule.timezone),
    );
    facts.check(zones.size > 1, "K4", at, words("the clock never ran twice through a time"), { job });
    return;
  }
  const trouble: Span[] = [...facts.down, ...facts.story.freezes, ...facts.story.disk].map((s) => ({
    from: s.from - LATE_MS,
    to: s.to + LATE_MS,
  }));
  const stepped = touches(facts.story.steps, event.from - LATE_MS, event.from + LATE_MS);
  for (const instant of [event.from, event.to])
    facts.check(
      within(trouble, instant),
      stepped ? "K4" : "F2",
      at,
      words(`nothing was in the way at ${iso(instant)}`),
      { job },
    );
}

/** F3: what one standstill is caught up with stays under the policy's cap. */
function examineCatchUp(facts: Facts): void {
  const late = new Map<string, At<"fire.started">[]>();
  for (const entry of facts.of("fire.started")) {
    const { job } = entry.event;
    if (entry.at - entry.event.fireAt <= LATE_MS || facts.jobAt(job, entry.seq)?.job.placement === CLOUD) continue;
    const key = `${job} ${facts.of("daemon.started").findLast((d) => d.seq < entry.seq)?.event.epoch ?? 0}`;
    late.set(key, [...(late.get(key) ?? []), entry]);
  }
  for (const entries of late.values()) {
    const [first, last] = [entries[0], entries.at(-1)];
    const schedule = first && facts.jobAt(first.event.job, first.seq)?.job.schedule;
    if (!first || !last || !schedule) continue;
    const standstills =
      1 +
      [...facts.story.freezes, ...facts.story.disk].filter((s) => s.from < last.at && s.to > first.event.fireAt).length;
    const each = { none: 0, last: 1, all: Math.max(1, schedule.catchUp.cap) }[schedule.catchUp.policy];
    const { job } = first.event;
    facts.check(
      entries.length <= each * standstills,
      "F3",
      first.at,
      () =>
        `${entries.length} late fires of ${job} were started after ${standstills} standstills; ${each} each are allowed`,
      { job },
    );
  }
}

export function iso(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}
