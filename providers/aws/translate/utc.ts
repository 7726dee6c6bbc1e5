import { DAY, type DesiredJob, type Instant } from "../../../src/model/index.ts";
import { compareFires, isEqual, localAt, offsetAt, PROOF_DAYS, zoneOf } from "../../../src/schedule/index.ts";
import { readExpression, writeCron } from "./expression.ts";
import { expandNative, type NativeSchedule } from "./model.ts";
import { cronPatterns, type Patterns, slotPatterns } from "./patterns.ts";
import type { Translation } from "./to-native.ts";

const DAY_MINUTES = 1440;
/** Weekly jobs that stop differing for less than this differ all along. */
const GAP_MS = 8 * DAY;
const MOST_RULES = 5;
/** Of dates that are refused. */
const MOST_NAMED = 5;

/**
 * What a job's schedule becomes as scheduled rules of EventBridge, which know UTC alone: only what falls on the same
 * instants all through the 400 days of the proof. What a change of the clocks would move is refused, with its dates.
 */
export function translateUtc({ job, slot }: DesiredJob, now: Instant): Translation {
  const { schedule } = job;
  if (schedule.kind === "manual") return { ok: true, natives: [], differences: [], warnings: [] };
  if (schedule.kind === "at" || schedule.start !== undefined || schedule.end !== undefined) {
    return refuse("a rule has no beginning and no end, and does not go away", SCHEDULER);
  }
  if (schedule.after.length > 0 || schedule.calendar)
    return refuse("a rule waits for no job and knows no calendar", SCHEDULER);
  const patterns = patternsOf({ job, ...(slot && { slot }) });
  if (!patterns.ok) return { ok: false, reason: patterns.reason, fix: patterns.fix };
  const from = now - (now % DAY);
  const offset = Math.round(offsetAt(zoneOf(schedule.timezone), now) / 60_000);
  const candidates = [patterns.expressions, shifted(patterns.expressions, offset)].filter((each) => each !== undefined);
  for (const expressions of candidates) {
    const natives = expressions.map(
      (expression, index): NativeSchedule => ({ suffix: `${index + 1}`, expression, timezone: "UTC" }),
    );
    const comparison = compareFires(
      schedule,
      slot,
      (low, high) => natives.flatMap((each) => expandNative(each, low, high)),
      from,
    );
    if (!isEqual(comparison)) {
      if (expressions !== candidates.at(-1)) continue;
      const dates = stretches(
        comparison.missing.map(({ at }) => at),
        schedule.timezone,
        from + PROOF_DAYS * DAY,
      );
      const reason = `a rule counts in UTC, and the clocks of ${schedule.timezone} would move it ${dates}`;
      return refuse(reason, `write the schedule with timezone: UTC, or ${SCHEDULER}`);
    }
    const twice = doubled(natives, from);
    if (twice.length > 0) {
      const reason = `two rules name ${datesOf(twice)}, and a rule has no token for a start: each of these would run twice`;
      return refuse(reason, `${SCHEDULER} start it once, or write two jobs`);
    }
    if (natives.length <= MOST_RULES) return { ok: true, natives, differences: [], warnings: [] };
    return refuse(`it would need ${natives.length} rules, more than ${MOST_RULES}`, SCHEDULER);
  }
  return refuse(
    `a rule counts in UTC, where the days of this schedule begin at another time`,
    `write the schedule with timezone: UTC, or ${SCHEDULER}`,
  );
}

/** What to do about that which a rule cannot. */
export const SCHEDULER = "leave scheduler: rules out: EventBridge Scheduler can";

function patternsOf({ job: { schedule }, slot }: DesiredJob): Patterns {
  if (schedule.kind === "cron") return cronPatterns(schedule.expression);
  if ((schedule.kind === "interval" || schedule.kind === "flexible") && slot) return slotPatterns(schedule, slot);
  return { ok: false, noCron: false, reason: "the job has no slot yet", fix: "run rota stagger --write" };
}

/** The same times in UTC where local time is so many minutes ahead of it; undefined where the days do not go along. */
function shifted(expressions: readonly string[], offset: number): readonly string[] | undefined {
  const found: string[] = [];
  for (const text of expressions) {
    const read = readExpression(text);
    if (!read.ok || read.expression.kind !== "cron") return undefined;
    const { minutes, hours, daysOfMonth, daysOfWeek, months } = read.expression;
    const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute - offset));
    const isWhole = (daysOfMonth === undefined || daysOfMonth.length === 31) && months.length === 12;
    // On every day alike it does not matter which one a time falls on.
    const isDaily = isWhole && daysOfWeek === undefined;
    const inDay = isDaily ? times.map((time) => (time + 2 * DAY_MINUTES) % DAY_MINUTES) : times;
    for (const [days, moved] of Map.groupBy(inDay, (time) => Math.floor(time / DAY_MINUTES))) {
      if (days !== 0 && !isWhole) return undefined;
      const weekdays = daysOfWeek?.map((day) => ((day - 1 + days + 7) % 7) + 1).sort((a, b) => a - b);
      const ofDay = moved.map((time) => time - days * DAY_MINUTES);
      for (const [minute, same] of Map.groupBy(ofDay, (time) => time % 60)) {
        const cron = {
          minutes: [minute],
          hours: same.map((time) => Math.floor(time / 60)).sort((a, b) => a - b),
          months,
        };
        found.push(
          writeCron(
            weekdays === undefined
              ? { ...cron, ...(daysOfMonth && { daysOfMonth }) }
              : { ...cron, daysOfWeek: weekdays },
          ),
        );
      }
    }
  }
  return found.sort();
}

/** Instants of the proof's days at which more than one of them starts a run. */
function doubled(natives: readonly NativeSchedule[], from: Instant): readonly Instant[] {
  if (natives.length < 2) return [];
  const seen = new Set<Instant>();
  return natives
    .flatMap((each) => expandNative(each, from, from + PROOF_DAYS * DAY))
    .filter((at) => seen.size === seen.add(at).size)
    .sort((a, b) => a - b);
}

/** "2027-02-01, 2027-03-01 and 5 more". */
function datesOf(instants: readonly Instant[]): string {
  const dates = [...new Set(instants.map((at) => localAt("UTC", at).slice(0, 10)))];
  const more = dates.length > MOST_NAMED ? ` and ${dates.length - MOST_NAMED} more` : "";
  return `${dates.slice(0, MOST_NAMED).join(", ")}${more}`;
}

/** "from 2027-03-14 to 2027-11-06, from …": where fires differ. */
function stretches(instants: readonly Instant[], timezone: string, end: Instant): string {
  const found: [Instant, Instant][] = [];
  for (const at of [...instants].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && at - last[1] <= GAP_MS) last[1] = at;
    else found.push([at, at]);
  }
  const date = (at: Instant): string => localAt(timezone, at).slice(0, 10);
  return found.map(([a, b]) => (b > end - GAP_MS ? `from ${date(a)} on` : `from ${date(a)} to ${date(b)}`)).join(", ");
}

function refuse(reason: string, fix: string): Translation {
  return { ok: false, reason, fix };
}
