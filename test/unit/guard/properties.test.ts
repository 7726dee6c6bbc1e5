import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeQuiet } from "../../../src/guard/idle.ts";
import { judge, type RunFacts } from "../../../src/guard/index.ts";
import { surelyWorks } from "../../../src/guard/quick.ts";
import { buildTimeline } from "../../../src/guard/timeline.ts";
import type { Sample } from "../../../src/model/index.ts";
import { factsOf, IDLE_SECONDS, LIMITS, MONOTONIC, NOW, samplesOf } from "./facts.ts";

const MIB = 1024 * 1024;

/** Mostly nothing, now and then something: what makes verdicts differ. */
const rarely = (value: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.oneof({ weight: 400, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: value });

const use: fc.Arbitrary<Partial<Sample>> = fc.record(
  {
    cpuSeconds: rarely(fc.double({ min: 0, max: 10, noNaN: true })),
    readBytes: rarely(fc.nat(MIB)),
    writtenBytes: rarely(fc.nat(MIB)),
    networkBytes: rarely(fc.nat(MIB)),
    outputBytes: fc.constant(0),
    progress: rarely(fc.constant(1)).map((one) => one === 1),
  },
  { noNullPrototype: true },
);

/** A run that is idle, or nearly: of every shape of samples, some lost, some partial. */
const uses = fc.array(use, { minLength: 150, maxLength: 230 });
const printing: fc.Arbitrary<Partial<Sample>[]> = fc
  .tuple(fc.integer({ min: 0, max: 3 * MIB }), fc.double({ min: 0.9, max: 1, noNaN: true }), fc.nat(200))
  .map(([outputBytes, repeatingShare, count]) =>
    Array.from({ length: count + 20 }, () => ({ cpuSeconds: 9, outputBytes, repeatingShare })),
  );
const runs = fc.oneof(uses, printing).map((all) => samplesOf(all.length, 10, (index) => all[index] ?? {}));
const facts: fc.Arbitrary<RunFacts> = fc
  .record({
    samples: runs,
    heartbeatSeconds: fc.option(fc.integer({ min: 60, max: 4000 }), { nil: undefined }),
    elapsedSeconds: fc.integer({ min: 0, max: 9000 }),
    watched: fc.oneof(fc.constant(9000), fc.integer({ min: 0, max: 3000 })),
    secondsSince: fc.option(fc.integer({ min: 0, max: 4000 }), { nil: undefined }),
  })
  .map(({ samples, heartbeatSeconds, elapsedSeconds, watched, secondsSince }) =>
    factsOf({
      samples,
      elapsedSeconds,
      limits: {
        ...LIMITS,
        idleSeconds: IDLE_SECONDS,
        ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
      },
      watchedSinceMonotonic: MONOTONIC - watched * 1000,
      progress: secondsSince === undefined ? { ever: false } : { ever: true, secondsSince },
    }),
  );

const kind = (of: RunFacts): string => judge(of).kind;
const shuffled = fc.tuple(facts, fc.infiniteStream(fc.nat())).map(([of, chance]) => {
  const keyed = of.samples.map((sample) => [chance.next().value ?? 0, sample] as const);
  return { of, samples: keyed.sort((a, b) => a[0] - b[0]).map(([, sample]) => sample) };
});

describe("whatever the samples", () => {
  test("the generator reaches all three verdicts, or the properties below would say little", () => {
    const seen = new Map<string, number>();
    for (const of of fc.sample(facts, { numRuns: 300, seed: 7 })) seen.set(kind(of), (seen.get(kind(of)) ?? 0) + 1);
    expect([...seen.keys()].sort()).toEqual(["keep", "stop", "unknown"]);
    expect(Math.min(...seen.values())).toBeGreaterThan(15);
  });

  test("their order changes nothing", () => {
    fc.assert(
      fc.property(shuffled, ({ of, samples }) => {
        expect(judge({ ...of, samples })).toEqual(judge(of));
      }),
    );
  });

  test("a second copy of some of them changes no verdict: what overlaps covers once", () => {
    fc.assert(
      fc.property(facts, fc.nat(), (of, from) => {
        expect(kind({ ...of, samples: [...of.samples, ...of.samples.slice(from % 100)] })).toBe(kind(of));
      }),
    );
  });

  test("shifting the wall clock by any amount changes nothing (K4)", () => {
    const shift = fc.oneof(
      fc.integer({ min: -1e12, max: 1e12 }),
      fc.constantFrom(3_600_000, -3_600_000, 86_400_000, -NOW, 2_277_000_000_000),
    );
    fc.assert(
      fc.property(facts, shift, (of, by) => {
        expect(judge({ ...of, now: of.now + by })).toEqual(judge(of));
        const samples = of.samples.map((each) => ({ ...each, from: each.from + by, to: each.to + by }));
        expect(judge({ ...of, now: of.now + by, samples })).toEqual(judge(of));
      }),
    );
  });

  test("a step of the wall clock between two samples never makes a stop (K4)", () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: -1e11, max: 1e11 }), fc.nat(), (of, by, at) => {
        const place = at % of.samples.length;
        // The sample during which the clock stepped begins before the step and ends after it.
        const samples = of.samples.map((each, i) => ({
          ...each,
          from: each.from + (i > place ? by : 0),
          to: each.to + (i >= place ? by : 0),
        }));
        const stepped = kind({ ...of, now: of.now + by, samples });
        if (kind(of) !== "stop") expect(stepped).not.toBe("stop");
      }),
    );
  });

  test("small steps of the wall clock at every sample cost no coverage either: the steady clock joins them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -15_000, max: 15_000 }), { minLength: 200, maxLength: 200 }), (steps) => {
        let offset = 0;
        const samples = samplesOf(200, 10).map((each, index) => {
          const from = each.from + offset;
          offset += steps[index] ?? 0;
          return { ...each, from, to: each.to + offset };
        });
        const verdict = judge(factsOf({ samples }));
        expect(verdict.kind === "stop" ? verdict.breaches[0].evidence.coveredPercent : 0).toBe(100);
      }),
    );
  });

  test("without monotonic readings a shifted wall clock may cost knowledge, but never a run", () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: -5_000_000, max: 5_000_000 }), (of, by) => {
        const samples = of.samples.map(({ monotonicTo: _, ...each }) => each);
        if (kind({ ...of, samples }) !== "stop") expect(kind({ ...of, samples, now: of.now + by })).not.toBe("stop");
      }),
    );
  });
});

test("the glance keeps only what the full look keeps", () => {
  let kept = 0;
  fc.assert(
    fc.property(facts, (of) => {
      if (!surelyWorks(of, IDLE_SECONDS)) return;
      kept += 1;
      expect(judgeQuiet(of, buildTimeline(of), IDLE_SECONDS)).toEqual({});
    }),
    { numRuns: 500 },
  );
  expect(kept).toBeGreaterThan(50);
});

describe("what is missing never stops", () => {
  test("with less than 95% of the window covered, and nothing else breached (K3)", () => {
    fc.assert(
      fc.property(facts, fc.nat(), (of, from) => {
        const idleOnly = { ...of, limits: { ...LIMITS, idleSeconds: IDLE_SECONDS } };
        const inWindow = of.samples.length - 180;
        const hole = Math.max(0, inWindow) + (from % 150);
        // Eleven samples of ten seconds in a row: more than 5% of half an hour.
        const samples = of.samples.filter((_, index) => index < hole || index >= hole + 11);
        expect(kind({ ...idleOnly, samples })).not.toBe("stop");
      }),
    );
  });

  test("samples of a quiet run that are lost never make a stop of what was none", () => {
    fc.assert(
      fc.property(facts, fc.array(fc.nat(), { maxLength: 40 }), (of, lost) => {
        const quiet = (sample: Sample): boolean =>
          !sample.cpuSeconds && !sample.readBytes && !sample.writtenBytes && !sample.networkBytes && !sample.progress;
        const gone = new Set(lost.map((each) => each % of.samples.length));
        const samples = of.samples.filter((sample, index) => !gone.has(index) || !quiet(sample));
        if (kind(of) !== "stop") expect(kind({ ...of, samples })).not.toBe("stop");
      }),
    );
  });

  test("a signal that samples lack, though the platform knows it", () => {
    const fields = fc.constantFrom("cpuSeconds", "readBytes", "writtenBytes", "networkBytes", "outputBytes");
    fc.assert(
      fc.property(facts, fields, (of, field) => {
        const idleOnly = { ...of, limits: { ...LIMITS, idleSeconds: IDLE_SECONDS } };
        const samples = of.samples.map((sample) => {
          const { [field as "cpuSeconds"]: _, ...rest } = sample;
          return rest;
        });
        expect(kind({ ...idleOnly, samples })).not.toBe("stop");
      }),
    );
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "a counter that says %d is unknown, not zero",
    (cpuSeconds) => {
      expect(kind(factsOf({ samples: samplesOf(200, 10, () => ({ cpuSeconds })) }))).toBe("unknown");
    },
  );

  test("a window that began before the watching did (K5, K6)", () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 0, max: IDLE_SECONDS - 1 }), (of, watched) => {
        const idleOnly = { ...of, limits: { ...LIMITS, idleSeconds: IDLE_SECONDS } };
        expect(kind({ ...idleOnly, watchedSinceMonotonic: MONOTONIC - watched * 1000 })).not.toBe("stop");
      }),
    );
  });

  test("a run that was not confirmed in this round, whatever it did (K7)", () => {
    fc.assert(
      fc.property(facts, (of) => {
        const all = { ...LIMITS, idleSeconds: 1, durationSeconds: 1, outputBytes: 0, diskBytes: 0 };
        const grown = { outputBytes: 9e9, diskBytes: 9e9, limits: all, confirmedRunning: false };
        expect(kind({ ...of, ...grown })).toBe("unknown");
      }),
    );
  });
});

describe("progress", () => {
  const more = fc.constantFrom<Partial<Sample>>(
    { progress: true },
    { readBytes: 1 },
    { writtenBytes: 1 },
    { networkBytes: 1 },
    { cpuSeconds: 10 },
    { outputBytes: 50, repeatingShare: 0 },
  );

  test("that is added never turns keep or unknown into stop", () => {
    fc.assert(
      fc.property(facts, more, fc.nat(), (of, extra, at) => {
        const place = at % of.samples.length;
        const samples = of.samples.map((sample, index) => (index === place ? { ...sample, ...extra } : sample));
        if (kind(of) !== "stop") expect(kind({ ...of, samples })).not.toBe("stop");
      }),
    );
  });

  test("in the window always saves a run from its idle limit; CPU too, unless it only prints", () => {
    fc.assert(
      fc.property(facts, more, fc.nat(), (of, extra, at) => {
        const inWindow = Math.max(0, of.samples.length - 180);
        const place = inWindow + (at % (of.samples.length - inWindow));
        const samples = of.samples.map((sample, index) => (index === place ? { ...sample, ...extra } : sample));
        const idleOnly = { ...of, limits: { ...LIMITS, idleSeconds: IDLE_SECONDS } };
        if (extra.cpuSeconds !== undefined && (samples[0]?.outputBytes ?? 0) > 0) return;
        expect(kind({ ...idleOnly, samples })).toBe("keep");
      }),
    );
  });
});

test("a run without limits is kept, whatever it does and whatever is missing", () => {
  fc.assert(
    fc.property(facts, fc.boolean(), (of, hasSamples) => {
      const { outputBytes: _, cost: __, ...rest } = of;
      expect(judge({ ...rest, limits: LIMITS, samples: hasSamples ? of.samples : [] })).toEqual({
        kind: "keep",
        warnings: [],
      });
    }),
  );
});
