import type { Instant } from "../model/index.ts";
import { fraction, plus, type Rational, times, toNanos } from "./rational.ts";
import { type Metering, type Tariff, tariff, type Unpriced } from "./tariff.ts";

/** What a run cost between two instants. `hourlyNanos`: its rate, for a projection. */
export interface Priced {
  readonly kind: "priced";
  readonly nanos: bigint;
  readonly currency: string;
  readonly how: string;
  readonly hourlyNanos: bigint;
}

export type Metered = Priced | Unpriced;

const HOUR_MS = 3_600_000;

/**
 * The cost of a whole run from its confirmed start to its confirmed end (or to now), by the vendor's own rounding and
 * minimum. Of the whole run: those of its parts do not add up to it, since each would be rounded and have its minimum.
 */
export function meter(request: Metering & { readonly from: Instant; readonly to: Instant }): Metered {
  const rate = tariff(request);
  return rate.kind === "unpriced" ? rate : charge(rate, request.to - request.from);
}

/** The same for a tariff that is known; nothing is charged for a time that runs backwards but the minimum. */
export function charge(rate: Tariff, elapsedMs: number): Priced {
  const ms = rate.billedMs ?? billed(rate, elapsedMs);
  return {
    kind: "priced",
    nanos: toNanos(exactCost(rate, ms)),
    currency: rate.currency,
    hourlyNanos: hourly(rate),
    how: `${ms / 1000} s billed × (${rate.how}); ${rounding(rate)}`,
  };
}

export function hourly(rate: Tariff): bigint {
  return toNanos(times(rate.perMs, fraction(HOUR_MS)));
}

/** Rounded up to whole increments, at least the minimum. */
export function billed(rate: Pick<Tariff, "incrementMs" | "minimumMs">, elapsedMs: number): number {
  const steps = Math.ceil(Math.max(0, elapsedMs) / rate.incrementMs);
  return Math.max(rate.minimumMs, steps * rate.incrementMs);
}

export function exactCost(rate: Tariff, billedMs: number): Rational {
  return plus(rate.perStart, times(rate.perMs, fraction(billedMs)));
}

export function rounding({ incrementMs, minimumMs, billedMs }: Tariff): string {
  if (billedMs !== undefined) return "time as the vendor bills it; amount rounded once to 10^-9, half to even";
  const least = minimumMs > 0 ? `, at least ${minimumMs / 1000} s` : "";
  return `time rounded up to ${incrementMs} ms${least}; amount rounded once to 10^-9, half to even`;
}
