/**
 * A schedule of Cloud Scheduler with its values read: five fields, days of the week 0–7 with Sunday at both ends, names
 * in English; a day matches when either day field does, if both are restricted. (Guide, "Cron job format and time zone".)
 */
export interface GcpCron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 (Sunday) to 6. */
  readonly weekdays: readonly number[];
  /** Both day fields are restricted: either will do. */
  readonly eitherDay: boolean;
}

export type ReadResult =
  | { readonly ok: true; readonly cron: GcpCron }
  | { readonly ok: false; readonly reason: string };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MINUTE: Field = { name: "minute", min: 0, max: 59, names: [] };
const HOUR: Field = { name: "hour", min: 0, max: 23, names: [] };
const DAY: Field = { name: "day-of-month", min: 1, max: 31, names: [] };
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const MONTH: Field = { name: "month", min: 1, max: 12, names: MONTHS };
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const WEEKDAY: Field = { name: "day-of-week", min: 0, max: 7, names: WEEKDAYS };

/** Reads the five fields; the English form (`every day 00:00`) and `L` are none of them. */
export function readExpression(text: string): ReadResult {
  const words = text.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = words;
  if (words.length !== 5 || !/^[\d*]/.test(minute)) {
    return { ok: false, reason: `"${text}" is not five fields: the English form has no words in a manifest` };
  }
  try {
    const weekdays = readField(WEEKDAY, weekday).map((value) => value % 7);
    return {
      ok: true,
      cron: {
        minutes: readField(MINUTE, minute),
        hours: readField(HOUR, hour),
        daysOfMonth: readField(DAY, day),
        months: readField(MONTH, month),
        weekdays: [...new Set(weekdays)].sort((a, b) => a - b),
        eitherDay: day !== "*" && weekday !== "*",
      },
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws RangeError in words. */
function readField(field: Field, text: string): readonly number[] {
  const values = new Set<number>();
  for (const item of text.split(",")) for (const value of readItem(field, item)) values.add(value);
  return [...values].sort((a, b) => a - b);
}

function readItem(field: Field, item: string): readonly number[] {
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

/** What is written: an absent field is `*`. Weekdays as cron(5) has them, Sunday 0. */
export interface CronParts {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth?: readonly number[];
  readonly months?: readonly number[];
  readonly weekdays?: readonly number[];
}

/** Steps only where every cron agrees on them: a day field with `*` in it is restricted for some and not for others. */
export function writeExpression({ minutes, hours, daysOfMonth, months, weekdays }: CronParts): string {
  return [
    writeField(MINUTE, minutes, true),
    writeField(HOUR, hours, true),
    daysOfMonth === undefined ? "*" : writeField(DAY, daysOfMonth, false),
    months === undefined ? "*" : writeField(MONTH, months, false),
    weekdays === undefined ? "*" : writeField({ ...WEEKDAY, max: 6 }, weekdays, false),
  ].join(" ");
}

function writeField({ min, max }: Field, values: readonly number[], mayStep: boolean): string {
  const [first = min] = values;
  if (values.length === max - min + 1 && mayStep) return "*";
  if (values.length === max - min + 1) return `${min}-${max}`;
  const step = (values[1] ?? first) - first;
  const isProgression = values.length > 2 && values.every((value, index) => value === first + index * step);
  if (mayStep && isProgression && step > 1 && first + values.length * step > max) {
    return first === min ? `*/${step}` : `${first}-${max}/${step}`;
  }
  return runsOf(values)
    .map(([low, high]) => (low === high ? `${low}` : high === low + 1 ? `${low},${high}` : `${low}-${high}`))
    .join(",");
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
