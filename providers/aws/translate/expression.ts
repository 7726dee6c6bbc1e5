import type { Weekday } from "../../../src/model/index.ts";

/**
 * A cron expression of EventBridge with its values read: `cron(minute hour day-of-month month day-of-week year)`.
 * Days of the week count from SUN=1; one of the two day fields is `?`. (User guide, "Schedule types".)
 */
export interface AwsCron {
  readonly kind: "cron";
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Absent where the field is `?`. */
  readonly daysOfMonth?: readonly number[];
  readonly months: readonly number[];
  /** 1 (SUN) to 7 (SAT). Absent where the field is `?`. */
  readonly daysOfWeek?: readonly number[];
  /** Absent: every year. */
  readonly years?: readonly number[];
}

/** Once, at a local date-time with seconds: `at(2026-12-01T09:00:00)`. */
export interface AwsAt {
  readonly kind: "at";
  readonly local: string;
}

/** Every so many minutes from the start date on, by the clock's own time: `rate(15 minutes)`. */
export interface AwsRate {
  readonly kind: "rate";
  readonly minutes: number;
}

export type AwsExpression = AwsCron | AwsAt | AwsRate;
export type ReadResult =
  | { readonly ok: true; readonly expression: AwsExpression }
  | { readonly ok: false; readonly reason: string };

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const UNIT_MINUTES: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1440 };
const YEARS = { min: 1970, max: 2199 };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MINUTE: Field = { name: "minutes", min: 0, max: 59, names: [] };
const HOUR: Field = { name: "hours", min: 0, max: 23, names: [] };
const DAY: Field = { name: "day-of-month", min: 1, max: 31, names: [] };
const MONTH: Field = { name: "month", min: 1, max: 12, names: MONTHS };
const WEEKDAY: Field = { name: "day-of-week", min: 1, max: 7, names: WEEKDAYS };
const YEAR: Field = { name: "year", ...YEARS, names: [] };

/** Reads what EventBridge accepts, apart from `L`, `W` and `#`, for which a manifest has no words: those say so. */
export function readExpression(text: string): ReadResult {
  const match = /^(cron|rate|at)\((.*)\)$/.exec(text.trim());
  const body = match?.[2] ?? "";
  if (match?.[1] === "at") {
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body)) return { ok: true, expression: { kind: "at", local: body } };
    return bad(`at(${body}) is not at(yyyy-mm-ddThh:mm:ss)`);
  }
  if (match?.[1] === "rate") return readRate(body);
  if (match?.[1] === "cron") return readCron(body);
  return bad(`"${text}" is none of cron(…), rate(…) and at(…)`);
}

function readRate(body: string): ReadResult {
  const match = /^([1-9]\d*) (minute|hour|day)s?$/.exec(body);
  const unit = UNIT_MINUTES[match?.[2] ?? ""];
  if (!match || unit === undefined) return bad(`rate(${body}) is not rate(n minutes|hours|days)`);
  return { ok: true, expression: { kind: "rate", minutes: Number(match[1]) * unit } };
}

function readCron(body: string): ReadResult {
  const words = body.trim().split(/\s+/);
  if (words.length !== 6) return bad(`cron(${body}) has ${words.length} fields where there are six`);
  const [minute = "", hour = "", day = "", month = "", weekday = "", year = ""] = words;
  if ((day === "?") === (weekday === "?")) return bad("exactly one of day-of-month and day-of-week is ?");
  try {
    const daysOfMonth = day === "?" ? undefined : readField(DAY, day);
    const daysOfWeek = weekday === "?" ? undefined : readField(WEEKDAY, weekday);
    return {
      ok: true,
      expression: {
        kind: "cron",
        minutes: readField(MINUTE, minute),
        hours: readField(HOUR, hour),
        ...(daysOfMonth === undefined ? {} : { daysOfMonth }),
        months: readField(MONTH, month),
        ...(daysOfWeek === undefined ? {} : { daysOfWeek }),
        ...(year === "*" ? {} : { years: readField(YEAR, year) }),
      },
    };
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error));
  }
}

/** Throws RangeError in words. */
function readField(field: Field, text: string): readonly number[] {
  const values = new Set<number>();
  for (const item of text.split(",")) for (const value of readItem(field, item)) values.add(value);
  return [...values].sort((a, b) => a - b);
}

function readItem(field: Field, item: string): readonly number[] {
  if (field === DAY || field === WEEKDAY) {
    const special = /^(?:L|LW|L-\d+|\d+W)$/i.test(item) || /^(?:\w+#\d|\dL)$/i.test(item);
    if (special) throw new RangeError(`"${item}" in the ${field.name} field (L, W and #) has no words in a manifest`);
  }
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item);
  if (!match) throw new RangeError(`cannot read "${item}" in the ${field.name} field`);
  const [, first = "*", last, step] = match;
  const low = first === "*" ? field.min : numberOf(field, first);
  const high = last === undefined ? (first === "*" || step !== undefined ? field.max : low) : numberOf(field, last);
  if (low > high) throw new RangeError(`the range "${item}" in the ${field.name} field runs backwards`);
  const by = step === undefined ? 1 : Number(step);
  if (by < 1) throw new RangeError(`a step of 0 in the ${field.name} field`);
  const values: number[] = [];
  for (let value = low; value <= high; value += by) values.push(value);
  return values;
}

function numberOf(field: Field, word: string): number {
  const named = field.names.indexOf(word.toUpperCase());
  const value = named >= 0 ? named + field.min : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (!(value >= field.min && value <= field.max)) throw new RangeError(`"${word}" is no ${field.name}`);
  return value;
}

/** The text of an expression, in the shortest form that all of EventBridge's documentation agrees on. */
export function writeCron(cron: Omit<AwsCron, "kind">): string {
  const fields = [
    writeField(MINUTE, cron.minutes),
    writeField(HOUR, cron.hours),
    cron.daysOfMonth === undefined ? "?" : writeField(DAY, cron.daysOfMonth),
    writeField(MONTH, cron.months),
    cron.daysOfWeek === undefined ? "?" : writeField(WEEKDAY, cron.daysOfWeek),
    cron.years === undefined ? "*" : writeField(YEAR, cron.years),
  ];
  return `cron(${fields.join(" ")})`;
}

function writeField(field: Field, values: readonly number[]): string {
  const [first = field.min] = values;
  const size = field.max - field.min + 1;
  if (values.length === size) return "*";
  const step = (values[1] ?? first) - first;
  const isProgression = values.length > 2 && values.every((value, index) => value === first + index * step);
  if (isProgression && step > 1 && first + values.length * step > field.max && field !== YEAR) {
    return `${first === field.min ? "*" : first}/${step}`;
  }
  return runsOf(values)
    .map(([low, high]) => {
      const [from, to] = [nameOf(field, low), nameOf(field, high)];
      if (low === high) return from;
      return high === low + 1 ? `${from},${to}` : `${from}-${to}`;
    })
    .join(",");
}

/** Days of the week are written by name: numbers count differently from vendor to vendor. */
function nameOf(field: Field, value: number): string {
  return field === WEEKDAY ? (WEEKDAYS[value - 1] ?? String(value)) : String(value);
}

function runsOf(values: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last && value === last[1] + 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

/** ISO weekday (Monday 1 … Sunday 7) → EventBridge's (Sunday 1 … Saturday 7). */
export function toAwsWeekday(weekday: Weekday): number {
  return (weekday % 7) + 1;
}

/** EventBridge's weekday → cron(5)'s (Sunday 0 … Saturday 6). */
export function toCronWeekday(awsWeekday: number): number {
  return awsWeekday - 1;
}

function bad(reason: string): ReadResult {
  return { ok: false, reason };
}
