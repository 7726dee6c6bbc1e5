import { describe, expect, test } from "vitest";
import {
  charge,
  chargeRental,
  type Metering,
  machinesOf,
  priceBook,
  type Rental,
  readOverrides,
  rental,
  tariff,
} from "../../../src/cost/index.ts";
import { HOUR, MINUTE, type RentedMachine, rounded, SECOND } from "../../../src/model/index.ts";

const PLACEMENT = {
  region: "us-east-1",
  prices: { discount: "50%", "ec2.m5.large": "0.096 USD/hour", "ec2.g5.xlarge": "1.006 USD/hour" },
};
const FACTS: Metering = {
  book: priceBook(readOverrides("aws", PLACEMENT).overrides),
  providerType: "aws",
  placementOptions: PLACEMENT,
  workload: { kind: "vm", cpu: 0, memoryBytes: 0, gpu: 0 },
  currency: "USD",
};
const machine = (more: Partial<RentedMachine> = {}): RentedMachine => ({
  id: "i-1",
  type: "m5.large",
  from: 0,
  ...more,
});

function rented(...machines: readonly RentedMachine[]): Rental {
  const rate = rental(FACTS, machines);
  if (rate.kind === "unpriced") throw new Error(rate.missing);
  return rate;
}
const cost = (rate: Rental, at: number): string => rounded(chargeRental(rate, at).nanos, 6);

describe("machines that a run rents", () => {
  test("each by its own time, to the second, a minute at least at each start", () => {
    expect(cost(rented(machine()), HOUR)).toBe("0.096000");
    expect(cost(rented(machine(), machine({ id: "i-2" })), HOUR)).toBe("0.192000");
    // One of the two was down after half of the hour.
    expect(cost(rented(machine(), machine({ id: "i-2", until: HOUR / 2 })), HOUR)).toBe("0.144000");
    expect(cost(rented(machine({ until: 10 * SECOND })), HOUR)).toBe("0.001600");
    // Started again, it has its minute again.
    const twice = rented(machine({ until: SECOND }), machine({ from: 30 * SECOND, until: 31 * SECOND }));
    expect(cost(twice, HOUR)).toBe("0.003200");
    // 3,599.5 s are 3,600.
    expect(cost(rented(machine()), HOUR - 500)).toBe("0.096000");
  });

  test("one that came later has cost nothing before, and what is up makes the rate", () => {
    const rate = rented(machine({ until: HOUR }), machine({ id: "i-2", type: "g5.xlarge", from: HOUR }));
    expect(cost(rate, HOUR - MINUTE)).toBe("0.094400");
    const perHour = (at: number): string => rounded(chargeRental(rate, at).hourlyNanos, 3);
    expect([perHour(0), perHour(HOUR), perHour(2 * HOUR)]).toEqual(["0.096", "1.006", "1.006"]);
    expect(cost(rate, 2 * HOUR)).toBe("1.102000");
    expect(chargeRental(rate, 2 * HOUR).how).toMatch(/m5\.large.* \+ .*g5\.xlarge.*at least 60 s/);
  });

  test("many alike are said once", () => {
    const rate = rented(...Array.from({ length: 30 }, (_, index) => machine({ id: `i-${index}` })));
    expect(chargeRental(rate, HOUR).how).toMatch(/^30 × 3600 s billed × \(1 m5\.large × 0\.096 USD/);
  });

  test("none costs nothing; one without a price leaves all without one", () => {
    expect(cost(rented(), HOUR)).toBe("0.000000");
    expect(rental(FACTS, [machine(), machine({ id: "i-2", type: "m5.large.windows" })])).toEqual({
      kind: "unpriced",
      missing: expect.stringContaining("ec2.m5.large.windows in us-east-1"),
    });
    expect(rental({ ...FACTS, providerType: "azure" }, [machine()])).toMatchObject({ kind: "unpriced" });
  });
});

test("an estimate takes the machines that the job names, all of the type that it says", () => {
  const facts = { ...FACTS, jobOptions: { instanceType: "m5.large" }, machines: 3 };
  const rate = tariff(facts);
  expect(rate.kind === "tariff" && rounded(charge(rate, HOUR).nanos, 6)).toBe("0.288000");
  const none = tariff({ ...FACTS, machines: 0 });
  expect(none.kind === "tariff" && charge(none, HOUR).nanos).toBe(0n);
  const vm = { kind: "vm", instances: ["i-1", "i-2"], tags: {}, action: "start" } as const;
  expect(machinesOf(vm)).toBe(2);
  expect(machinesOf({ ...vm, action: "stop" })).toBe(0);
  expect(machinesOf({ ...vm, instances: [], tags: { role: "batch" } })).toBeUndefined();
  expect(machinesOf({ kind: "target" })).toBeUndefined();
});
