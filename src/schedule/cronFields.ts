import { CronExpressionParser } from "cron-parser";

/** One of the five fields: its place, its range, and what people wrongly write in it. */
export interface FieldRule {
  readonly name: "minute" | "hour" | "day-of-month" | "month" | "day-of-week";
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

export const FIELDS: readonly FieldRule[] = [
  { name: "minute", min: 0, max: 59, names: [] },
  { name: "hour", min: 0, max: 23, names: [] },
  { name: "day-of-month", min: 1, max: 31, names: [] },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day-of-week", min: 0, max: 7, names: WEEKDAYS },
];

export type ItemResult =
  | { readonly ok: true; readonly values: readonly number[] }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

const VALUE = /^(?:\d{1,2}|[A-Za-z]{3})$/;
const ITEM = /^(\*|[0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?(?:\/(\d{1,4}))?$/;
const parsed = new Map<string, ItemResult>();
const MOST_ITEMS = 8192;

/** One item of a field's comma list (`*`, `5`, `1-5`, `MON-FRI`, `10-50/20`), as the values it stands for. */
export function parseItem(index: number, text: string): ItemResult {
  const key = `${index} ${text}`;
  const known = parsed.get(key);
  if (known) return known;
  const rule = FIELDS[index];
  if (!rule) throw new RangeError(`a cron expression has five fields, not ${index + 1}`);
  const result = checkItem(rule, text) ?? readItem(index, text);
  if (parsed.size >= MOST_ITEMS) parsed.clear();
  parsed.set(key, result);
  return result;
}

/**
 * cron-parser reads `5`, `jan2` (as 12) and `H`; it also takes a list that repeats a value for an error. So
 * each item passes this grammar first and reaches cron-parser alone, the other fields being `*`.
 */
function checkItem(rule: FieldRule, text: string): ItemResult | undefined {
  if (text === "") return bad(`empty item in the ${rule.name} field`, "remove the extra comma");
  const vendor = vendorHint(rule, text);
  if (vendor) return bad(`"${text}" is not plain cron in the ${rule.name} field`, vendor);
  const match = ITEM.exec(text);
  if (!match) return bad(`cannot read "${text}" in the ${rule.name} field`, "write *, 5, 1-5, */10 or a list of these");
  const [, from = "", to, step] = match;
  if (from === "*" && to !== undefined) return bad(`cannot read "${text}" in the ${rule.name} field`, "write * alone");
  const low = from === "*" ? rule.min : numberOf(rule, from);
  const high = to === undefined ? (step === undefined && from !== "*" ? low : rule.max) : numberOf(rule, to);
  for (const [word, value] of [[from, low] as const, [to ?? from, high] as const]) {
    if (value === undefined) return bad(`"${word}" is not a ${rule.name}`, nameHint(rule));
    if (value < rule.min || value > rule.max) {
      return bad(`${value} is outside the ${rule.name} field's ${rule.min}-${rule.max}`, rangeHint(rule, value));
    }
  }
  if (low !== undefined && high !== undefined && low > high) {
    const hint = to?.toUpperCase() === "SUN" ? `${from}-7` : `${from}-${rule.max},${rule.min}-${to ?? ""}`;
    return bad(`the range ${text} runs backwards`, `write ${hint}`);
  }
  if (step === undefined) return undefined;
  if (Number(step) === 0) return bad(`a step of 0 in the ${rule.name} field`, "a step is 1 or more");
  if (Number(step) > rule.max - rule.min) {
    return bad(
      `the step ${step} is longer than the ${rule.name} field (${rule.min}-${rule.max})`,
      stepHint(rule, step),
    );
  }
  return undefined;
}

function readItem(index: number, text: string): ItemResult {
  const fields = ["*", "*", "*", "*", "*"];
  fields[index] = text;
  try {
    const { minute, hour, dayOfMonth, month, dayOfWeek } = CronExpressionParser.parse(fields.join(" ")).fields;
    const field = [minute, hour, dayOfMonth, month, dayOfWeek][index];
    return { ok: true, values: (field?.values ?? []).map(Number) };
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(rule: FieldRule, word: string): number | undefined {
  if (!VALUE.test(word)) return undefined;
  if (/^\d/.test(word)) return Number(word);
  const place = rule.names.indexOf(word.toUpperCase());
  return place < 0 ? undefined : place + rule.min;
}

function vendorHint(rule: FieldRule, text: string): string | undefined {
  if (text.includes("?")) return "? is AWS and Quartz: write *";
  if (text.includes("#")) return "# (n-th weekday) is Quartz: use a list of days such as 1-7 with a check in the job";
  if (text.includes("~")) return "~ (random) is BSD: write every: day and let rota choose the minute";
  if (/^H(?:$|[(/])/i.test(text)) return "H (hash) is Jenkins: write every: day and let rota choose the minute";
  if (rule.names.length > 0 && VALUE.test(text)) return undefined;
  if (/^(?:L|L-\d+|\d+L|LW)$/i.test(text)) return "L (last) is Quartz: use every: month, or a day from 1 to 28";
  if (/^\d+W$/i.test(text)) return "W (nearest weekday) is Quartz: use a calendar with onHoliday: after";
  return undefined;
}

function nameHint(rule: FieldRule): string {
  if (rule.names.length === 0) return `write a number from ${rule.min} to ${rule.max}`;
  return `write a number from ${rule.min} to ${rule.max}, or ${rule.names.slice(0, 3).join(", ")} …`;
}

function rangeHint(rule: FieldRule, value: number): string | undefined {
  if (rule.name === "hour" && value === 24) return "midnight is hour 0";
  if (rule.name === "minute" && value === 60) return "the full hour is minute 0";
  return undefined;
}

function stepHint(rule: FieldRule, step: string): string | undefined {
  if (rule.name === "minute") return `a step starts again each hour; write { every: ${step}m } if it divides a day`;
  if (rule.name === "hour") return "a step starts again each day";
  return undefined;
}

function bad(message: string, hint?: string): ItemResult {
  return hint === undefined ? { ok: false, message } : { ok: false, message, hint };
}
