import { findIana, findWindows, type IanaName, WINDOWS_TO_IANA_MAP } from "windows-iana";

/** The Windows name of a zone, as Logic Apps want it (CLDR's windowsZones); undefined for a zone that Windows does not have. */
export function windowsZone(timezone: string): string | undefined {
  const [found] = findWindows(timezone as IanaName);
  return found ?? byAnotherName(timezone);
}

/** The zone by whose rules Windows' one goes: CLDR's for the territory `001`. */
export function ianaZone(windows: string): string | undefined {
  return findIana(windows as Parameters<typeof findIana>[0], "001")[0];
}

/** The tz database renames zones (Kiev, Kyiv); two names of one zone are equal. */
function byAnotherName(timezone: string): string | undefined {
  const known = remembered.get(timezone);
  if (known !== undefined) return known;
  const wanted = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timezone);
  const match = WINDOWS_TO_IANA_MAP.find(({ iana }) => iana.some((name) => isOneZone(wanted, name)));
  if (match) remembered.set(timezone, match.windowsName);
  return match?.windowsName;
}

const remembered = new Map<string, string>();

function isOneZone(wanted: Temporal.ZonedDateTime, name: string): boolean {
  try {
    return wanted.equals(wanted.withTimeZone(name));
  } catch {
    // CLDR still lists names that this machine's tz database has dropped.
    return false;
  }
}
