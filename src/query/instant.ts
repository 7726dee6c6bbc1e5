import type { Instant } from "../model/index.ts";

/** RFC 3339 in UTC, without a fraction when it is whole seconds: `2026-11-23T06:00:00Z`. */
export function rfc3339(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString();
}

export function rfc3339OrNull(at: Instant | undefined): string | null {
  return at === undefined ? null : rfc3339(at);
}

/** The instant that an RFC 3339 text says, or undefined when it is not one. */
export function parseInstant(text: string): Instant | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** First instant of a local date (`2026-11-23`) and of the day after it, or undefined when it is not a date. */
export function dayBounds(date: string, zone: string): { readonly from: Instant; readonly to: Instant } | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined;
  try {
    const day = Temporal.PlainDate.from(date, { overflow: "reject" });
    const start = (of: Temporal.PlainDate): Instant => of.toZonedDateTime({ timeZone: zone }).epochMilliseconds;
    return { from: start(day), to: start(day.add({ days: 1 })) };
  } catch {
    return undefined;
  }
}

/** The local date of an instant. */
export function localDate(at: Instant, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate().toString();
}
