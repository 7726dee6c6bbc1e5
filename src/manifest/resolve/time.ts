import { nearest } from "../../diagnostic/index.ts";
import type { Window } from "../../model/index.ts";
import { isTimezone, parseWindow, type TextError } from "../../schedule/index.ts";
import type { Problem } from "../report.ts";
import { shorten } from "../units.ts";
import { unknownName } from "./names.ts";

const zones = new Map<string, boolean>();
const MOST_ZONES = 1024;

export function zoneProblem(name: string): Problem | undefined {
  const known = zones.get(name);
  const valid = known ?? isTimezone(name);
  if (known === undefined && zones.size < MOST_ZONES) zones.set(name, valid);
  if (valid) return undefined;
  const near = SHORT_ZONES.get(name.toUpperCase()) ?? nearest(name, allZones());
  const hint = near === undefined ? "write an IANA zone, like America/Toronto or UTC" : `did you mean "${near}"?`;
  return { code: "R1040", message: `unknown time zone "${shorten(name)}"`, hint };
}

/** Abbreviations that people write, and the zone they mostly mean. */
const SHORT_ZONES: ReadonlyMap<string, string> = new Map([
  ["EST", "America/New_York"],
  ["EDT", "America/New_York"],
  ["CST", "America/Chicago"],
  ["MST", "America/Denver"],
  ["PST", "America/Los_Angeles"],
  ["PDT", "America/Los_Angeles"],
  ["CET", "Europe/Paris"],
  ["CEST", "Europe/Paris"],
  ["BST", "Europe/London"],
  ["IST", "Asia/Kolkata"],
  ["JST", "Asia/Tokyo"],
  ["Z", "UTC"],
]);

function allZones(): readonly string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone")];
}

/** A window's text, or the name of one (a name has no space in it). */
export function readWindow(
  text: string,
  named: ReadonlyMap<string, readonly Window[]>,
): { readonly windows: readonly Window[] } | { readonly problem: Problem } {
  const known = named.get(text);
  if (known !== undefined) return { windows: known };
  if (!/\s|:/.test(text)) return { problem: unknownName("R1042", "window", text, named) };
  const parsed = parseWindow(text);
  return parsed.ok ? { windows: [parsed.window] } : { problem: textProblem("R1043", parsed.error) };
}

export function textProblem(code: string, error: TextError): Problem {
  const { message, hint, start, end } = error;
  return { code, message, start, end, ...(hint === undefined ? {} : { hint }) };
}
