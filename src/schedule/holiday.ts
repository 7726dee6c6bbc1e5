import { createRequire } from "node:module";
import type Holidays from "date-holidays";
import type { HolidaysTypes } from "date-holidays";
import { type Day, parseDate } from "./civil.ts";
import { type Failed, failed } from "./result.ts";

/**
 * Public holidays from the date-holidays data. The package is 160 ms and 40 MB to load, and `fires` is
 * synchronous: so it is required at the first look-up of a region, and never when no calendar names one.
 */
const load = createRequire(import.meta.url);
const HOUR_MS = 3_600_000;

interface Region {
  readonly source: Holidays;
  readonly years: Map<number, ReadonlyMap<Day, string>>;
  readonly beginning: Map<number, ReadonlyMap<Day, string>>;
}

const regions = new Map<string, Region>();
const MOST_REGIONS = 256;

export type RegionResult = { readonly ok: true } | Failed;

/** Whether `CA`, `CA-ON`, `DE-BY-A` … is in the data; the error lists what is near. */
export function checkRegion(text: string): RegionResult {
  const Source = load("date-holidays") as typeof Holidays;
  const data = new Source();
  const [country = "", state, region, ...rest] = text.split("-");
  if (!Object.hasOwn(data.getCountries() ?? {}, country)) {
    const known = country.length === 2 && Object.hasOwn(data.getCountries() ?? {}, country.toUpperCase());
    const hint = known ? `write ${text.toUpperCase()}` : "write an ISO 3166 code such as US or CA-ON";
    return failed(`no holidays are known for "${text}"`, 0, Math.max(1, text.length), hint);
  }
  const start = country.length + 1;
  const states = data.getStates(country) ?? {};
  if (state !== undefined && !Object.hasOwn(states, state)) {
    return failed(`"${state}" is no part of ${country}`, start, text.length, known(Object.keys(states)));
  }
  const parts = state === undefined ? {} : (data.getRegions(country, state) ?? {});
  if (region !== undefined && (!Object.hasOwn(parts, region) || rest.length > 0)) {
    const message = `"${[region, ...rest].join("-")}" is no part of ${country}-${state}`;
    return failed(message, start + (state ?? "").length + 1, text.length, known(Object.keys(parts)));
  }
  return { ok: true };
}

function known(names: readonly string[]): string {
  return names.length === 0 ? "it has no parts in the data" : `known: ${names.join(", ")}`;
}

/**
 * The public holidays of a year in a region: local date → name. Whole days only (an afternoon off is no
 * holiday), each day of a holiday of several; substitute days as the law gives them. Throws RangeError
 * for a region that `checkRegion` refuses.
 */
export function holidaysOf(region: string, year: number): ReadonlyMap<Day, string> {
  const entry = openRegion(region);
  const cached = entry.years.get(year);
  if (cached) return cached;
  // A holiday of several days may have begun in the year before.
  const days = new Map<Day, string>([...beginning(entry, year - 1), ...beginning(entry, year)]);
  entry.years.set(year, days);
  return days;
}

/** The days of the holidays that begin in a year. */
function beginning(entry: Region, year: number): ReadonlyMap<Day, string> {
  const cached = entry.beginning.get(year);
  if (cached) return cached;
  const days = new Map<Day, string>();
  for (const holiday of entry.source.getHolidays(year)) {
    const first = parseDate(holiday.date.slice(0, 10));
    const hours = (holiday.end.getTime() - holiday.start.getTime()) / HOUR_MS;
    if (first === undefined || hours < 23) continue;
    // Zones with DST make days of 23 and 25 hours; TR's feasts last three days and a half.
    for (let i = 0; i < Math.floor((hours + 1.5) / 24); i++) {
      if (!days.has(first + i)) days.set(first + i, holiday.name);
    }
  }
  entry.beginning.set(year, days);
  return days;
}

function openRegion(region: string): Region {
  const cached = regions.get(region);
  if (cached) return cached;
  const result = checkRegion(region);
  if (!result.ok) throw new RangeError(result.error.message);
  const Source = load("date-holidays") as typeof Holidays;
  const [country = "", state = "", part = ""] = region.split("-");
  const types: HolidaysTypes.HolidayType[] = ["public"];
  const source = new Source({ country, state, region: part }, { types, languages: "en" });
  const entry: Region = { source, years: new Map(), beginning: new Map() };
  if (regions.size >= MOST_REGIONS) regions.clear();
  regions.set(region, entry);
  return entry;
}
