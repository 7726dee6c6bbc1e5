import fc from "fast-check";
import { expect, test } from "vitest";
import { type StopFacts, stopAllowance } from "../../../src/guard/index.ts";

const SAFETY: StopFacts["safety"] = { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 0.1 };
const of = (over: Partial<StopFacts>) => stopAllowance({ stopsInWindow: 0, inFlight: 5, safety: SAFETY, ...over });

test.each([
  [0, 5, "allowed", 10],
  [9, 5, "allowed", 1],
  [10, 5, "held", 0],
  [10, 100, "held", 0],
  [10, 110, "allowed", 1],
  [99, 1000, "allowed", 1],
  [100, 1000, "held", 0],
])("after %i stops with %i runs in flight: %s, %i left", (stopsInWindow, inFlight, kind, left) => {
  const answer = of({ stopsInWindow, inFlight });
  expect(answer.kind).toBe(kind);
  if (answer.kind === "allowed") expect(answer.left).toBe(left);
});

test("past it, the words say the rule, and that a person is waited for", () => {
  const answer = of({ stopsInWindow: 10, inFlight: 40 });
  expect(answer).toMatchObject({ kind: "held", hold: true });
  if (answer.kind === "held") {
    expect(answer.reason).toContain(
      "10 stops in the last 15m; safety allows 10 (the larger of 10 and 10% of 40 in flight)",
    );
    expect(answer.fix).toContain("release");
  }
});

test("a held guard stays held, and is not held anew", () => {
  expect(of({ held: "10 stops in 15m" })).toMatchObject({ kind: "held", hold: false });
});

test("a share that decimals cannot say exactly is not a run short", () => {
  const safety = { ...SAFETY, maxStops: 0, share: 0.29 };
  expect(of({ safety, inFlight: 100 })).toMatchObject({ kind: "allowed", limit: 29 });
});

test("no row of stops ever gets past the larger of the two limits (K9)", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2000), (maxStops, share, inFlight) => {
      let stops = 0;
      const safety = { ...SAFETY, maxStops, share };
      while (stopAllowance({ stopsInWindow: stops, inFlight, safety }).kind === "allowed") stops += 1;
      expect(stops).toBeLessThanOrEqual(Math.max(maxStops, share * inFlight + 1e-6));
      expect(stops).toBeGreaterThan(Math.max(maxStops, share * inFlight) - 1);
    }),
  );
});
