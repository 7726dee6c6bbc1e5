import type { Weekday } from "../model/index.ts";
import { FIELDS, parseItem } from "./cronFields.ts";
import { type Failed, failed } from "./result.ts";

/** A parsed expression. Values ascend; weekdays are ISO (Monday 1 … Sunday 7), whatever was written. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly Weekday[];
  /** Fields as written. */
  readonly text: {
    readonly minute: string;
    readonly hour: string;
    readonly dayOfMonth: string;
    readonly month: string;
    readonly dayOfWeek: string;
  };
  /**
   * How the two day fields combine (crontab(5)): `either` when both are restricted, that is, neither begins
   * with `*`; else `both` must match.
   */
  readonly days: "either" | "both";
  /** The hour field begins with `*`: the schedule counts time and does not pause in a repeated hour. */
  readonly countsTime: boolean;
}

export type CronResult = { readonly ok: true; readonly fields: CronFields } | Failed;

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const LONGEST = 1024;
const remembered = new Map<string, CronResult>();
const MOST_EXPRESSIONS = 16_384;

/** Reads a five-field expression. Remembered by its text, so calling it again is a look-up. */
export function parseCron(text: string): CronResult {
  const known = remembered.get(text);
  if (known) return known;
  const result = readCron(text);
  if (remembered.size >= MOST_EXPRESSIONS) remembered.clear();
  if (text.length <= LONGEST) remembered.set(text, result);
  return result;
}

function readCron(text: string): CronResult {
  if (text.length > LONGEST) return failed(`longer than ${LONGEST} characters`, 0, text.length);
  const words = [...text.matchAll(/[^ \t]+/g)];
  const shape = checkShape(text, words);
  if (shape) return shape;
  const values: number[][] = [];
  for (const [index, word] of words.entries()) {
    const field: number[] = [];
    let start = word.index;
    for (const item of word[0].split(",")) {
      const result = parseItem(index, item);
      if (!result.ok) return failed(result.message, start, start + Math.max(1, item.length), result.hint);
      field.push(...result.values);
      start += item.length + 1;
    }
    values.push([...new Set(field)].sort((a, b) => a - b));
  }
  const fields = collect(values, words.map(String));
  return checkDates(fields, words[2]?.index ?? 0) ?? { ok: true, fields };
}

function checkShape(text: string, words: readonly RegExpMatchArray[]): Failed | undefined {
  const end = Math.max(1, text.length);
  const first = words[0]?.[0] ?? "";
  if (words.length === 0) return failed("an empty cron expression", 0, end, 'write five fields, e.g. "0 6 * * 1-5"');
  if (first.startsWith("@")) {
    const same = MACROS[first.toLowerCase()];
    const hint = same ? `write "${same}", or every: … and let rota choose` : "write five fields";
    return failed(`${first} is not five fields`, 0, end, hint);
  }
  if (/^(?:CRON_)?TZ=/i.test(first)) return failed("a zone inside the expression", 0, first.length, "use timezone: …");
  if (/^(?:cron|rate|at)\(/i.test(text)) return failed("an AWS expression", 0, end, "write plain five-field cron");
  if (words.length === FIELDS.length) return undefined;
  return failed(`${words.length} field${words.length === 1 ? "" : "s"} where there are five`, 0, end, countHint(words));
}

function countHint(words: readonly RegExpMatchArray[]): string {
  const rest = words.slice(1).map((word) => word[0]);
  if (words.length === 6) {
    const plain = rest.join(" ").replaceAll("?", "*");
    return `six fields: drop the seconds (the first field): "${plain}"`;
  }
  if (words.length === 7) return "seven fields: drop the seconds (the first) and the year (the last)";
  return "the five are: minute hour day-of-month month day-of-week";
}

function collect(values: readonly (readonly number[])[], words: readonly string[]): CronFields {
  const [minutes = [], hours = [], daysOfMonth = [], months = [], weekdays = []] = values;
  const [minute = "*", hour = "*", dayOfMonth = "*", month = "*", dayOfWeek = "*"] = words;
  const iso = weekdays.map((value) => (value % 7 === 0 ? 7 : value) as Weekday);
  return {
    minutes,
    hours,
    daysOfMonth,
    months,
    weekdays: [...new Set(iso)].sort((a, b) => a - b),
    text: { minute, hour, dayOfMonth, month, dayOfWeek },
    days: dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*") ? "both" : "either",
    countsTime: hour.startsWith("*"),
  };
}

const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** 31 February is a mistake, not a schedule; 29 February is one. */
function checkDates(fields: CronFields, start: number): Failed | undefined {
  if (fields.days === "either") return undefined;
  const earliest = fields.daysOfMonth[0] ?? 1;
  if (fields.months.some((month) => earliest <= (LONGEST_MONTH[month - 1] ?? 31))) return undefined;
  const length = fields.text.dayOfMonth.length;
  return failed(
    `day ${earliest} never comes in month ${fields.text.month}: the job would never run`,
    start,
    start + length,
    "use a day that the month has",
  );
}
