import type { Money } from "../model/index.ts";
import { decimal, nanos } from "../model/index.ts";

export interface UnitError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Offsets in the text, when one part of it is wrong. */
  readonly start?: number;
  readonly end?: number;
  /** Within a list or map: which part of it. */
  readonly path?: readonly (string | number)[];
}

export type UnitResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: UnitError };

/** Characters; more is no unit, and patterns for hints need not look at it. */
const LONGEST = 64;

const SECONDS: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
  ["w", 604_800],
]);
const LONGEST_SECONDS = 100 * 366 * 86_400;

const BYTES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["PB", 1e15],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
  ["PiB", 2 ** 50],
]);

/** The codes of ISO 4217 that are legal tender; from the runtime's own CLDR data. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** `90s 30m 2h 1h30m 3d 2w` → seconds, at least 1. Units in falling order, each once. */
export function parseDuration(input: unknown): UnitResult<number> {
  if (typeof input === "number") return bareNumber(input, `${input}m or ${input}s`);
  if (typeof input !== "string") return wrongType("a duration like 30m", input);
  if (input.length > LONGEST) return fail("R1030", `"${shorten(input)}" is not a duration`);
  const match = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(input);
  if (input === "" || !match) return fail("R1030", `"${shorten(input)}" is not a duration`, durationHint(input));
  const [weeks = "0", days = "0", hours = "0", minutes = "0", seconds = "0"] = match.slice(1);
  const total =
    Number(weeks) * 604_800 + Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (total === 0) return fail("R1030", "a duration must be longer than nothing", "the shortest is 1s");
  if (total > LONGEST_SECONDS) return fail("R1030", `"${shorten(input)}" is more than a hundred years`);
  return { ok: true, value: total };
}

function durationHint(input: string): string {
  const words = /^\s*(\d+)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hr|hrs|hours?|d|days?|w|weeks?)\s*$/i.exec(
    input,
  );
  const unit = words?.[2]?.[0]?.toLowerCase();
  if (words && unit !== undefined && SECONDS.has(unit)) return `write ${words[1]}${unit}`;
  if (/^\d+$/.test(input)) return `${shorten(input)} of what? write ${shorten(input)}m or ${shorten(input)}s`;
  const fraction = /^(\d+)\.(\d+)([wdhm])$/.exec(input);
  if (fraction) return "no fractions: write 1h30m for one hour and a half";
  return "write it like 90s, 30m, 2h, 1h30m, 3d or 2w";
}

/** `512MiB 8GiB 2GB` → bytes, exact. */
export function parseBytes(input: unknown): UnitResult<number> {
  if (typeof input === "number") return bareNumber(input, `${input}MiB or ${input}GiB`);
  if (typeof input !== "string") return wrongType("a size like 512MiB", input);
  if (input.length > LONGEST) return fail("R1031", `"${shorten(input)}" is not a size`);
  const match = /^(\d{1,12})(?:\.(\d{1,3}))?([A-Za-z]{1,3})$/.exec(input);
  const unit = BYTES.get(match?.[3] ?? "");
  if (!match || unit === undefined) return fail("R1031", `"${shorten(input)}" is not a size`, sizeHint(input));
  const value = Number(`${match[1]}.${match[2] ?? "0"}`) * unit;
  if (!Number.isSafeInteger(value)) return fail("R1031", `"${shorten(input)}" is not a whole number of bytes`);
  if (value === 0) return fail("R1031", "a size must be more than nothing");
  return { ok: true, value };
}

function sizeHint(input: string): string {
  const near = /^\s*(\d+(?:\.\d+)?)\s*([kmgtp])(i?)b?\s*$/i.exec(input);
  if (near) {
    const letter = (near[2] ?? "").toUpperCase();
    return `write ${near[1]}${letter}iB (1024) or ${near[1]}${letter === "K" ? "k" : letter}B (1000)`;
  }
  if (/^\d+$/.test(input)) return `${shorten(input)} of what? write ${shorten(input)}MiB or ${shorten(input)}GiB`;
  return "write it like 512MiB, 8GiB or 2GB";
}

/** `5 USD`, `0.25 USD` → an exact amount, not negative. */
export function parseMoney(input: unknown): UnitResult<Money> {
  if (typeof input === "number") return bareNumber(input, `${input} USD`);
  if (typeof input !== "string") return wrongType("an amount like 5 USD", input);
  if (input.length > LONGEST) return fail("R1032", `"${shorten(input)}" is not an amount of money`);
  const match = /^(\d{1,15})(?:\.(\d{1,9}))? ([A-Z]{3})$/.exec(input);
  const currency = match?.[3] ?? "";
  if (!match) return fail("R1032", `"${shorten(input)}" is not an amount of money`, moneyHint(input));
  if (!CURRENCIES.has(currency)) {
    const start = input.length - 3;
    return fail("R1032", `${currency} is not a currency of ISO 4217`, "like USD, EUR or CAD", start, input.length);
  }
  return { ok: true, value: { amount: decimal(nanos(`${match[1]}${match[2] ? `.${match[2]}` : ""}`)), currency } };
}

function moneyHint(input: string): string {
  if (/^\d+\.\d{10,}/.test(input)) return "at most nine decimals";
  const symbol = /^\s*([$€£])\s*(\d+(?:\.\d+)?)\s*$/.exec(input);
  if (symbol) return `write ${symbol[2]} ${symbol[1] === "$" ? "USD" : symbol[1] === "€" ? "EUR" : "GBP"}`;
  const joined = /^\s*(\d+(?:\.\d+)?)\s*([a-z]{3})\s*$/i.exec(input);
  if (joined) return `write ${joined[1]} ${(joined[2] ?? "").toUpperCase()}`;
  const before = /^\s*([a-z]{3})\s*(\d+(?:\.\d+)?)\s*$/i.exec(input);
  if (before) return `write ${before[2]} ${(before[1] ?? "").toUpperCase()}`;
  if (/^[\d.]+$/.test(input)) return `${shorten(input)} of what? write ${shorten(input)} USD`;
  return "write it like 5 USD or 0.25 USD";
}

/** `80%`, `2.5%` → a share of 1, from `least` to 100%. */
export function parsePercent(input: unknown, least = 0): UnitResult<number> {
  if (typeof input === "number") {
    return bareNumber(input, input > 0 && input < 1 ? `${Math.round(input * 1e4) / 100}%` : `${input}%`);
  }
  if (typeof input !== "string") return wrongType("a share like 80%", input);
  const match = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(input);
  if (!match) return fail("R1033", `"${shorten(input)}" is not a share`, "write it like 80%");
  const value = Number(match[1]) / 100;
  if (value > 1 || value < least) return fail("R1033", `${input} is outside ${least * 100}% to 100%`);
  return { ok: true, value };
}

/** `0.20 USD/h` → money for an hour. */
export function parseHourlyPrice(input: unknown): UnitResult<Money> {
  if (typeof input === "string" && input.endsWith("/h")) {
    const price = parseMoney(input.slice(0, -2));
    return price.ok ? price : fail("R1036", `"${shorten(input)}" is not a price`, "write it like 0.20 USD/h");
  }
  return fail("R1036", `${describe(input)} is not a price by the hour`, "write it like 0.20 USD/h");
}

function bareNumber(input: number, example: string): UnitResult<never> {
  return fail("R1034", `${input} has no unit`, `${input} of what? write ${example}`);
}

function wrongType(wanted: string, input: unknown): UnitResult<never> {
  return fail("R1022", `this must be ${wanted}, not ${describe(input)}`);
}

function fail(code: string, message: string, hint?: string, start?: number, end?: number): UnitResult<never> {
  return {
    ok: false,
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(start === undefined || end === undefined ? {} : { start, end }),
    },
  };
}

/** What a person calls it: "a list", "a map", `the text "x"`. */
export function describe(input: unknown): string {
  if (input === null || input === undefined) return "nothing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a map";
  if (typeof input === "string") return `the text "${shorten(input)}"`;
  return typeof input === "number" ? `the number ${input}` : String(input);
}

export function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
