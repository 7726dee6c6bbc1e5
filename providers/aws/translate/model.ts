import { DAY, type Instant, MINUTE } from "../../../src/model/index.ts";
import { type AwsCron, readExpression } from "./expression.ts";

/** One schedule as EventBridge holds it. */
export interface NativeSchedule {
  /** What tells the schedules of one job apart. */
  readonly suffix: string;
  readonly expression: string;
  readonly timezone: string;
  readonly startAt?: Instant;
  readonly endAt?: Instant;
  /** Another one takes over at its end: it may go away then. */
  readonly passes?: true;
}

/**
 * The instants in [from, to) at which EventBridge Scheduler invokes the target of a schedule, by its own rules and with
 * none of rota's code for schedules (User guide, "Daylight savings time"): a local time that the spring change leaves
 * out is skipped; one that the autumn change repeats is invoked once, in the first pass; `rate` is by elapsed time.
 * Throws RangeError for what EventBridge would refuse.
 */
export function expandNative(native: NativeSchedule, from: Instant, to: Instant): Instant[] {
  const read = readExpression(native.expression);
  if (!read.ok) throw new RangeError(read.reason);
  const low = Math.max(from, native.startAt ?? from);
  const high = Math.min(to, native.endAt === undefined ? to : native.endAt + 1);
  const { expression } = read;
  if (expression.kind === "cron") return expandCron(expression, native.timezone, low, high);
  if (expression.kind === "at") {
    const instants = instantsOf(Temporal.PlainDateTime.from(expression.local), native.timezone);
    return instants.slice(0, 1).filter((at) => at >= low && at < high);
  }
  const found: Instant[] = [];
  const step = expression.minutes * MINUTE;
  const first = native.startAt ?? from;
  for (let at = first + Math.max(0, Math.ceil((low - first) / step)) * step; at < high; at += step) found.push(at);
  return found;
}

function expandCron(cron: AwsCron, timezone: string, low: Instant, high: Instant): Instant[] {
  const found: Instant[] = [];
  if (!(low < high)) return found;
  const minutes = cron.hours.flatMap((hour) => cron.minutes.map((minute) => hour * 60 + minute));
  const [days, weekdays, months] = [cron.daysOfMonth, cron.daysOfWeek, cron.months].map(
    (values) => values && new Set(values),
  );
  const years = cron.years && new Set(cron.years);
  for (const { date, startAt, isSteady } of daysOf(timezone, low, high)) {
    const matches =
      months?.has(date.month) === true &&
      days?.has(date.day) !== false &&
      weekdays?.has((date.dayOfWeek % 7) + 1) !== false &&
      years?.has(date.year) !== false;
    if (!matches) continue;
    for (const minute of minutes) {
      const at = isSteady ? startAt + minute * MINUTE : firstInstant(date, minute, timezone);
      if (at !== undefined && at >= low && at < high) found.push(at);
    }
  }
  return found.sort((a, b) => a - b);
}

interface LocalDay {
  readonly date: Temporal.PlainDate;
  readonly startAt: Instant;
  /** From 00:00 to 24:00 with no change of the clocks: a time of day is an addition. */
  readonly isSteady: boolean;
}

/** The days of a zone between two instants; many jobs of a plan ask for the same ones. */
const remembered = new Map<string, readonly LocalDay[]>();
const MOST_REMEMBERED = 512;

function daysOf(timezone: string, low: Instant, high: Instant): readonly LocalDay[] {
  const key = `${timezone} ${low} ${high}`;
  const known = remembered.get(key);
  if (known) return known;
  const found: LocalDay[] = [];
  let date = Temporal.Instant.fromEpochMilliseconds(low).toZonedDateTimeISO(timezone).toPlainDate();
  let start = date.toZonedDateTime({ timeZone: timezone });
  while (start.epochMilliseconds < high) {
    const tomorrow = date.add({ days: 1 });
    const next = tomorrow.toZonedDateTime({ timeZone: timezone });
    const isWhole = next.epochMilliseconds - start.epochMilliseconds === DAY;
    const isSteady = isWhole && start.hour === 0 && start.minute === 0;
    found.push({ date, startAt: start.epochMilliseconds, isSteady });
    [date, start] = [tomorrow, next];
  }
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, found);
  return found;
}

function firstInstant(date: Temporal.PlainDate, minute: number, timezone: string): Instant | undefined {
  const time = date.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 });
  return instantsOf(time, timezone)[0];
}

/** The instants at which clocks in the zone show a time: none in a gap, two in an overlap, the earlier first. */
function instantsOf(time: Temporal.PlainDateTime, timezone: string): readonly Instant[] {
  const [earlier, later] = (["earlier", "later"] as const).map((disambiguation) =>
    time.toZonedDateTime(timezone, { disambiguation }),
  );
  if (!earlier || !later) return [];
  const shown = [earlier, later].filter((each) => each.toPlainDateTime().equals(time));
  return [...new Set(shown.map((each) => each.epochMilliseconds))];
}
