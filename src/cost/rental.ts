import type { Instant, RentedMachine, Workload } from "../model/index.ts";
import { billed, exactCost, hourly, type Priced, rounding } from "./meter.ts";
import { plus, type Rational, toNanos, ZERO } from "./rational.ts";
import { type Metering, type Tariff, tariff, type Unpriced } from "./tariff.ts";

/** The machines of a run, each rented for a time of its own: billed by its own start and end, with its own minimum. */
export interface Rental {
  readonly kind: "rental";
  readonly currency: string;
  readonly machines: readonly { readonly rented: RentedMachine; readonly rate: Tariff }[];
}

/** What the machines of a run cost; unpriced when one of them is, for a part is not the whole. */
export function rental(facts: Metering, rented: readonly RentedMachine[]): Rental | Unpriced {
  const machines: Rental["machines"][number][] = [];
  for (const each of rented) {
    const rate = tariff({ ...facts, jobOptions: { instanceType: each.type }, machines: 1 });
    if (rate.kind === "unpriced") return rate;
    machines.push({ rented: each, rate });
  }
  const currencies = [...new Set(machines.map(({ rate }) => rate.currency))];
  if (currencies.length > 1)
    return { kind: "unpriced", missing: `prices in one currency: ${currencies.join(" and ")}` };
  return { kind: "rental", currency: currencies[0] ?? facts.currency ?? "USD", machines };
}

/** What has been run up at an instant; `hourlyNanos` of the machines that are rented then. */
export function chargeRental({ currency, machines }: Rental, at: Instant): Priced {
  let exact: Rational = ZERO;
  let hourlyNanos = 0n;
  const parts = new Map<string, number>();
  for (const { rented, rate } of machines) {
    const { from, until } = rented;
    if (at < from) continue;
    const ms = billed(rate, Math.min(at, until ?? at) - from);
    exact = plus(exact, exactCost(rate, ms));
    if (until === undefined || until > at) hourlyNanos += hourly(rate);
    const part = `${ms / 1000} s billed × (${rate.how})`;
    parts.set(part, (parts.get(part) ?? 0) + 1);
  }
  const says = [...parts].map(([part, count]) => (count === 1 ? part : `${count} × ${part}`));
  const [first] = machines;
  const how = first ? `${says.join(" + ")}; ${rounding(first.rate)}` : "no machine was rented";
  return { kind: "priced", nanos: toNanos(exact), currency, how, hourlyNanos };
}

/** How many machines a `vm` job brings up, where it says that itself: by ids. None, when it stops them. */
export function machinesOf(workload: Workload): number | undefined {
  if (workload.kind !== "vm") return undefined;
  if (workload.action === "stop") return 0;
  return workload.instances.length > 0 ? workload.instances.length : undefined;
}
