import type { Weekday } from "../../../src/model/index.ts";

/**
 * What a Container Apps job's own trigger says: five fields in UTC. Never both of the day fields: the documentation does
 * not say how they combine (Container Apps docs, "Jobs", scheduled jobs).
 */
export interface OwnCron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly daysOfMonth?: readonly number[];
  readonly weekdays?: readonly Weekday[];
}

const FIELDS = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day-of-month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12 },
  { name: "day-of-week", min: 0, max: 6 },
] as const;
type Field = (typeof FIELDS)[number];

export function writeOwnCron(cron: OwnCron): string {
  const weekdays = cron.weekdays?.map((day) => day % 7).sort((a, b) => a - b);
  const values = [cron.minutes, cron.hours, cron.daysOfMonth, cron.months, weekdays];
  return FIELDS.map((field, index) => writeField(field, values[index])).join(" ");
}

/** Throws RangeError in words for what rota does not write or the service does not take. */
export function readOwnCron(text: string): OwnCron {
  const words = text.trim().split(/\s+/);
  if (words.length !== FIELDS.length) throw new RangeError(`"${text}" has ${words.length} fields where there are five`);
  const [minutes = [], hours = [], daysOfMonth = [], months = [], weekdays = []] = FIELDS.map((field, index) =>
    readField(field, words[index] ?? ""),
  );
  const hasDays = daysOfMonth.length < 31;
  const hasWeekdays = weekdays.length < 7;
  if (hasDays && hasWeekdays) throw new RangeError(`"${text}" restricts both of the day fields`);
  return {
    minutes,
    hours,
    months,
    ...(hasDays ? { daysOfMonth } : {}),
    ...(hasWeekdays ? { weekdays: weekdays.map((day) => (day === 0 ? 7 : day) as Weekday) } : {}),
  };
}

function writeField({ min, max }: Field, values: readonly number[] | undefined): string {
  if (values === undefined || values.length === max - min + 1) return "*";
  const [first = min, second = first] = values;
  const step = second - first;
  const isProgression = values.length > 2 && values.every((value, index) => value === first + index * step);
  if (isProgression && step > 1 && first === min && first + values.length * step > max) return `*/${step}`;
  return values.join(",");
}

function readField({ name, min, max }: Field, text: string): readonly number[] {
  const found = new Set<number>();
  for (const item of text.split(",")) {
    const match = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (!match) throw new RangeError(`cannot read "${item}" in the ${name} field`);
    const [, star, from, to, step] = match;
    const low = star === undefined ? Number(from) : min;
    const high = star !== undefined || (to === undefined && step !== undefined) ? max : Number(to ?? from);
    const by = Number(step ?? 1);
    if (by < 1 || low < min || high > max || low > high) throw new RangeError(`"${item}" is no ${name}`);
    for (let value = low; value <= high; value += by) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}
