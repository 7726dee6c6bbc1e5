import { DAY, type DesiredJob, type FireDifference, type Instant, SECOND } from "../../../src/model/index.ts";
import {
  type Comparison,
  compareFires,
  differencesOf,
  fires,
  instantText,
  isEqual,
  localAt,
  PROOF_DAYS,
  resolveLocal,
  waitRefusal,
} from "../../../src/schedule/index.ts";
import { cutOut } from "./cut.ts";
import { expandNative, type NativeSchedule } from "./model.ts";
import { cronPatterns, type Patterns, slotPatterns } from "./patterns.ts";

/** EventBridge: ScheduleExpression has at most 256 characters. */
const LONGEST_EXPRESSION = 256;
/** Recurring schedules that one job may become. */
const MOST_RECURRING = 12;
/** One-off schedules that one job may become: its `at` times, what a DST change would leave out, what no cron says. */
const MOST_ONE_OFFS = 200;
/** What keeps a job going whose schedules reach only so far ahead. */
const LATER = "rota up adds the later ones, and so does an apply at least once a year";
/** As long as EventBridge keeps a one-off time: the years its expressions know. */
const LAST_YEAR: Instant = Date.UTC(2199, 0, 1);

export type Translation =
  | {
      readonly ok: true;
      readonly natives: readonly NativeSchedule[];
      readonly differences: readonly FireDifference[];
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/**
 * What a job's schedule becomes, with the proof. `now`: times before it are past, and the 400 days of the proof begin
 * with its UTC day.
 */
export function translate({ job, slot }: DesiredJob, now: Instant): Translation {
  const { schedule } = job;
  if (schedule.kind === "manual") return { ok: true, natives: [], differences: [], warnings: [] };
  const refusal = waitRefusal(schedule, "EventBridge");
  if (refusal) return { ok: false, ...refusal };
  if (schedule.kind === "at") return oneOffs(fires(schedule, slot, now + 1, LAST_YEAR), schedule.timezone);
  const patterns = patternsOf({ job, ...(slot && { slot }) });
  if (!patterns.ok) return patterns.noCron ? oneByOne({ job, ...(slot && { slot }) }, now, patterns) : patterns;
  const tooLong = patterns.expressions.find((expression) => expression.length > LONGEST_EXPRESSION);
  if (tooLong !== undefined || patterns.expressions.length > MOST_RECURRING) {
    return refuse(
      tooLong === undefined
        ? `it would need ${patterns.expressions.length} schedules of EventBridge, more than ${MOST_RECURRING}`
        : `EventBridge takes at most ${LONGEST_EXPRESSION} characters, and ${tooLong} has ${tooLong.length}`,
      "make the schedule more regular, or split the job",
    );
  }
  const from = now - (now % DAY);
  const local = recurring(patterns.expressions, schedule.timezone, bounds({ job }, now));
  const direct = compareFires(schedule, slot, startsOf(local), from);
  if (isEqual(direct)) return { ok: true, natives: local, differences: [], warnings: [] };
  // A schedule that counts time is often the same in UTC, where no change of the clocks can touch it.
  const inUtc = local.map((each): NativeSchedule => ({ ...each, timezone: "UTC" }));
  if (isEqual(compareFires(schedule, slot, startsOf(inUtc), from))) {
    return { ok: true, natives: inUtc, differences: [], warnings: [] };
  }
  if (direct.extra.length === 0) return filled({ job, ...(slot && { slot }) }, local, direct, now);
  const cut = cutOut(schedule, slot, local, now);
  if (!cut) return filled({ job, ...(slot && { slot }) }, local, direct, now);
  const rest = compareFires(schedule, slot, startsOf(cut.natives), from);
  const translation = filled({ job, ...(slot && { slot }) }, cut.natives, rest, now);
  return translation.ok
    ? { ...translation, warnings: [...cutWarning({ job }, cut.until), ...translation.warnings] }
    : translation;
}

/** Dates that are left out stand in the schedules themselves, as far as the proof looks. */
function cutWarning({ job }: DesiredJob, until: Instant | undefined): readonly string[] {
  const { calendar, timezone } = job.schedule;
  const what = calendar === undefined ? "dates" : `the dates of "${calendar.name}"`;
  if (until === undefined) return [];
  return [
    `EventBridge knows no calendar: schedules that end before ${what} and go on after them stand for it until ${localAt(timezone, until)}, when it stops firing; ${LATER}`,
  ];
}

/** What no recurring schedule says, start by start. */
function oneByOne(
  { job, slot }: DesiredJob,
  now: Instant,
  refusal: Extract<Patterns, { readonly ok: false }>,
): Translation {
  const { schedule } = job;
  const ahead = fires(schedule, slot, now + 1, now - (now % DAY) + PROOF_DAYS * DAY);
  const [last] = ahead.slice(-1);
  if (!last || ahead.length > MOST_ONE_OFFS) return refusal;
  const translation = oneOffs(ahead, schedule.timezone);
  if (!translation.ok) return translation;
  const text = `${refusal.reason}: its ${ahead.length} starts until ${last.local} are one-off schedules; ${LATER}`;
  return { ...translation, warnings: [text] };
}

/** What a DST change leaves out is added as one-off schedules, as far as the proof looks; what it adds cannot be taken away. */
function filled(
  { job }: DesiredJob,
  recurrent: readonly NativeSchedule[],
  { missing, extra }: Comparison,
  now: Instant,
): Translation {
  const { timezone } = job.schedule;
  const ahead = missing.filter(({ at }) => at > now);
  if (extra.length > 0 || ahead.length > MOST_ONE_OFFS) {
    const differences = differencesOf(
      { job: job.name, timezone, vendor: "EventBridge" },
      { missing: ahead, extra: extra.filter((at) => at > now) },
    );
    return { ok: true, natives: recurrent, differences, warnings: [] };
  }
  const added = ahead.map(({ at }) => oneOff(at, timezone));
  const days = [...new Set(ahead.map(({ local }) => local.slice(0, 10)))].join(", ");
  const warnings =
    added.length === 0
      ? []
      : [
          `EventBridge skips what the change of the clocks moves (${days} in ${timezone}): ${added.length === 1 ? "a one-off schedule stands" : "one-off schedules stand"} in for it, for the next ${PROOF_DAYS} days; ${LATER}`,
        ];
  return { ok: true, natives: [...recurrent, ...added], differences: [], warnings };
}

function patternsOf({ job, slot }: DesiredJob): Patterns {
  const { schedule } = job;
  if (schedule.kind === "cron") return cronPatterns(schedule.expression);
  if ((schedule.kind === "interval" || schedule.kind === "flexible") && slot) return slotPatterns(schedule, slot);
  return { ok: false, noCron: false, reason: "the job has no slot yet", fix: "run rota stagger --write" };
}

function recurring(
  expressions: readonly string[],
  timezone: string,
  between: Pick<NativeSchedule, "startAt" | "endAt">,
): readonly NativeSchedule[] {
  return [...expressions].sort().map((expression, index) => ({
    suffix: `${index + 1}`,
    expression,
    timezone,
    ...between,
  }));
}

/**
 * A second outside the manifest's own bounds, so that it does not matter whether EventBridge counts them in. A start
 * that is past is left out: EventBridge refuses one older than five minutes.
 */
function bounds({ job: { schedule } }: DesiredJob, now: Instant): Pick<NativeSchedule, "startAt" | "endAt"> {
  const { start, end, timezone } = schedule;
  const startAt = start === undefined ? undefined : resolveLocal(timezone, start) - SECOND;
  return {
    ...(startAt === undefined || startAt <= now ? {} : { startAt }),
    ...(end === undefined ? {} : { endAt: resolveLocal(timezone, end) - SECOND }),
  };
}

function oneOffs(times: readonly { readonly at: Instant }[], timezone: string): Translation {
  if (times.length > MOST_ONE_OFFS) {
    return refuse(`${times.length} times are more than the ${MOST_ONE_OFFS} one-off schedules of a job`, "use cron");
  }
  return { ok: true, natives: times.map(({ at }) => oneOff(at, timezone)), differences: [], warnings: [] };
}

/** In the job's zone where the local time says which instant is meant, else in UTC. */
function oneOff(at: Instant, timezone: string): NativeSchedule {
  const local = localAt(timezone, at);
  const plain = resolveLocal(timezone, local) === at;
  const text = plain ? `${local}:00` : instantText(at).slice(0, 19);
  return {
    suffix: `at-${instantText(at).slice(0, 16).replaceAll(/[-:]/g, "")}`,
    expression: `at(${text})`,
    timezone: plain ? timezone : "UTC",
  };
}

/** Two schedules of one job that fall on the same instant are one start: the token of the start is the scheduled time. */
function startsOf(natives: readonly NativeSchedule[]): (from: Instant, to: Instant) => readonly Instant[] {
  return (from, to) => natives.flatMap((each) => expandNative(each, from, to));
}

function refuse(reason: string, fix: string): Translation {
  return { ok: false, reason, fix };
}
