/**
 * Windows' zones that tests use, by the rules of which tz database zone they go: from CLDR's windowsZones, territory
 * 001, by hand, so that a mistake in the product's own data shows.
 */
const ZONES: Readonly<Record<string, string>> = {
  UTC: "Etc/UTC",
  "Eastern Standard Time": "America/New_York",
  "Central Standard Time": "America/Chicago",
  "Mountain Standard Time": "America/Denver",
  "US Mountain Standard Time": "America/Phoenix",
  "Pacific Standard Time": "America/Los_Angeles",
  "Alaskan Standard Time": "America/Anchorage",
  "Hawaiian Standard Time": "Pacific/Honolulu",
  "Atlantic Standard Time": "America/Halifax",
  "Newfoundland Standard Time": "America/St_Johns",
  "E. South America Standard Time": "America/Sao_Paulo",
  "Pacific SA Standard Time": "America/Santiago",
  "SA Pacific Standard Time": "America/Bogota",
  "Azores Standard Time": "Atlantic/Azores",
  "GMT Standard Time": "Europe/London",
  "Morocco Standard Time": "Africa/Casablanca",
  "W. Europe Standard Time": "Europe/Berlin",
  "Romance Standard Time": "Europe/Paris",
  "FLE Standard Time": "Europe/Kiev",
  "Egypt Standard Time": "Africa/Cairo",
  "Israel Standard Time": "Asia/Jerusalem",
  "South Africa Standard Time": "Africa/Johannesburg",
  "Russian Standard Time": "Europe/Moscow",
  "Iran Standard Time": "Asia/Tehran",
  "India Standard Time": "Asia/Calcutta",
  "Nepal Standard Time": "Asia/Katmandu",
  "China Standard Time": "Asia/Shanghai",
  "Tokyo Standard Time": "Asia/Tokyo",
  "Cen. Australia Standard Time": "Australia/Adelaide",
  "AUS Eastern Standard Time": "Australia/Sydney",
  "Lord Howe Standard Time": "Australia/Lord_Howe",
  "New Zealand Standard Time": "Pacific/Auckland",
  "Chatham Islands Standard Time": "Pacific/Chatham",
  "Samoa Standard Time": "Pacific/Apia",
};

/** Throws for a name that is not Windows'. */
export function ianaOf(windows: string): string {
  const zone = ZONES[windows];
  if (zone === undefined) throw new RangeError(`Windows has no zone "${windows}" that this test knows`);
  return zone;
}

/** One zone of the tz database for each of them. */
export const ZONES_OF_WINDOWS: readonly string[] = Object.values(ZONES);

const QUARTER = 15 * 60_000;
const offsets = new Map<string, number>();

/** Local minus UTC, in milliseconds. */
export function offsetAt(at: number, zone: string): number {
  // No zone of the test changes its clocks within a quarter of an hour.
  const key = `${zone} ${Math.floor(at / QUARTER)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const offset = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
  offsets.set(key, offset);
  return offset;
}
