import { describe, expect, test } from "vitest";
import { actionFor, blindLimits, judge, type RunFacts } from "../../../src/guard/index.ts";
import type { Breach, GuardLimits, Verdict } from "../../../src/model/index.ts";
import { factsOf, LIMITS, MONOTONIC, samplesOf } from "./facts.ts";

const limited = (limits: Partial<GuardLimits>, over: Partial<RunFacts> = {}): Verdict =>
  judge(factsOf({ limits: { ...LIMITS, ...limits }, ...over }));

function breachesOf(verdict: Verdict): readonly Breach[] {
  return verdict.kind === "stop" ? verdict.breaches : [];
}

const usd = (amount: string) => ({ amount, currency: "USD" });
const metered = (amount: string, perHour?: string): Partial<RunFacts> => ({
  cost: { kind: "metered", amount: usd(amount), ...(perHour === undefined ? {} : { perHour: usd(perHour) }) },
});

describe("the edge of each limit: at it the run is kept, past it stopped", () => {
  const heartbeat = (silent: number): Partial<RunFacts> => ({ progress: { ever: true, secondsSince: silent } });
  test.each<[string, Partial<GuardLimits>, Partial<RunFacts>, Partial<RunFacts>]>([
    ["duration", { durationSeconds: 7200 }, { elapsedSeconds: 7200 }, { elapsedSeconds: 7200.001 }],
    ["cost", { cost: usd("5") }, metered("5"), metered("5.000000001")],
    ["output", { outputBytes: 1000 }, { outputBytes: 1000 }, { outputBytes: 1001 }],
    ["disk", { diskBytes: 1000 }, { diskBytes: 1000 }, { diskBytes: 1001 }],
    ["heartbeat", { heartbeatSeconds: 600 }, heartbeat(600), heartbeat(600.5)],
  ])("%s", (limit, limits, at, past) => {
    expect(limited(limits, at).kind).toBe("keep");
    expect(breachesOf(limited(limits, past)).map((breach) => breach.limit)).toEqual([limit]);
  });

  test("zero is a limit like any other", () => {
    expect(limited({ outputBytes: 0 }, { outputBytes: 0 }).kind).toBe("keep");
    expect(limited({ outputBytes: 0 }, { outputBytes: 1 }).kind).toBe("stop");
    expect(limited({ cost: usd("0") }, metered("0")).kind).toBe("keep");
    expect(limited({ cost: usd("0") }, metered("0.000000001")).kind).toBe("stop");
  });
});

test("every limit that was passed is listed, each with figures and advice", () => {
  const verdict = limited(
    { idleSeconds: 1800, heartbeatSeconds: 600, durationSeconds: 60, cost: usd("5"), outputBytes: 1, diskBytes: 1 },
    { ...metered("5.50"), outputBytes: 2, diskBytes: 2 },
  );
  expect(breachesOf(verdict).map((breach) => breach.limit)).toEqual([
    "idle",
    "heartbeat",
    "duration",
    "cost",
    "output",
    "disk",
  ]);
  for (const breach of breachesOf(verdict)) {
    expect(breach.declared).not.toBe("");
    expect(breach.observed).toMatch(/\d/);
    expect(breach.advice.length).toBeGreaterThan(20);
    expect(Object.values(breach.evidence).some((value) => typeof value === "number" || /^\d/.test(`${value}`))).toBe(
      true,
    );
    for (const value of Object.values(breach.evidence)) expect(value).not.toBeNaN();
  }
});

test("what is missing about one limit does not hide another that is surely passed", () => {
  const verdict = limited({ idleSeconds: 1800, durationSeconds: 60 }, { samples: [] });
  expect(breachesOf(verdict).map((breach) => breach.limit)).toEqual(["duration"]);
});

describe("idle says what it rests on", () => {
  test("for a quiet run", () => {
    const samples = samplesOf(200, 10, (index) => (index < 7 ? { cpuSeconds: 10 } : { cpuSeconds: 0.01 }));
    const [breach] = breachesOf(judge(factsOf({ samples })));
    expect(breach).toMatchObject({ limit: "idle", declared: "30m" });
    expect(breach?.observed).toBe(
      "32m 10s without progress: 0.1% CPU, no bytes read or written, no network, no progress reported",
    );
    expect(breach?.evidence).toMatchObject({
      pattern: "no progress",
      windowSeconds: 1800,
      coveredPercent: 100,
      samples: 180,
      newestSampleAgeSeconds: 0,
      cpuSeconds: 1.8,
      cpuPercent: 0.1,
      idleCpuPercent: 2,
      readBytes: 0,
      writtenBytes: 0,
      networkBytes: 0,
      progressEverReported: false,
    });
  });

  test("for a print loop", () => {
    const line = "x".repeat(500);
    const use = { cpuSeconds: 9, outputBytes: 50_000_000, repeatingShare: 1, repeatingLine: line };
    const [breach] = breachesOf(judge(factsOf({ samples: samplesOf(200, 10, () => use) })));
    expect(breach?.observed).toMatch(/of nothing but repeating output, 8\.38GiB \("x+…"\): a print loop$/);
    expect(breach?.evidence).toMatchObject({ pattern: "print loop", outputBytes: 9e9, repeatingSharePercent: 100 });
    expect(breach?.advice).toContain("print inside a loop");
  });

  test("when the platform knows less, it says what it never knew", () => {
    const metrics = { ...factsOf().metrics, io: false, network: false };
    const samples = samplesOf(200, 10).map(({ readBytes: _, writtenBytes: __, networkBytes: ___, ...rest }) => rest);
    const [breach] = breachesOf(judge(factsOf({ metrics, samples })));
    expect(breach?.evidence.signalsNotKnownHere).toBe("disk, network");
    expect(breach?.observed).not.toContain("bytes");
  });

  test("a signal that the platform disclaims still counts when it comes", () => {
    const metrics = { ...factsOf().metrics, network: false };
    expect(judge(factsOf({ metrics, samples: samplesOf(200, 10, () => ({ networkBytes: 1 })) })).kind).toBe("keep");
  });

  test("where CPU can never be known, idle is not judged, and that is said beforehand", () => {
    const metrics = { ...factsOf().metrics, cpu: false };
    expect(judge(factsOf({ metrics })).kind).toBe("keep");
    expect(blindLimits(factsOf().limits, metrics)).toHaveLength(1);
    expect(blindLimits(factsOf().limits, factsOf().metrics)).toEqual([]);
  });

  test("a print loop is not concluded where disk bytes can never be known", () => {
    const metrics = { ...factsOf().metrics, io: false };
    const use = { cpuSeconds: 9, outputBytes: 50_000_000, repeatingShare: 1 };
    expect(judge(factsOf({ metrics, samples: samplesOf(200, 10, () => use) })).kind).toBe("keep");
  });
});

describe("idle says what is missing", () => {
  const missing = (over: Partial<RunFacts>): readonly string[] => {
    const verdict = judge(factsOf(over));
    return verdict.kind === "unknown" ? verdict.missing : [];
  };
  test.each<[string, Partial<RunFacts>, RegExp]>([
    ["no sample at all", { samples: [] }, /no complete sample/],
    ["stale samples", { monotonic: MONOTONIC + 21_000 }, /newest sample is 21s old, older than 20s/],
    ["a hole", { samples: samplesOf(200, 10).filter((_, i) => i < 100 || i >= 110) }, /cover 94\.4% of the window/],
    ["a fresh watch", { watchedSinceMonotonic: MONOTONIC - 60_000 }, /for only 60s of 1800s/],
    ["samples that are too long", { samples: samplesOf(80, 25) }, /no complete sample/],
    ["samples ahead of the clock", { monotonic: MONOTONIC - 1_000_000 }, /cover|no complete|watched/],
  ])("%s", (_, over, words) => {
    expect(missing(over).join("; ")).toMatch(words);
  });

  test("what the engine could not get is repeated", () => {
    expect(missing({ samples: [], unavailable: ["measurements (throttled)"] })).toContain("measurements (throttled)");
  });

  test("as old as two intervals and the delay is still fresh", () => {
    const metrics = { ...factsOf().metrics, delaySeconds: 180 };
    expect(judge(factsOf({ metrics, monotonic: MONOTONIC + 200_000 })).kind).toBe("stop");
    expect(judge(factsOf({ metrics, monotonic: MONOTONIC + 201_000 })).kind).toBe("unknown");
  });

  test("exactly 95% is enough, a sample less is not", () => {
    const lossOf = (lost: number) => samplesOf(200, 10).filter((_, index) => index < 100 || index >= 100 + lost);
    expect(judge(factsOf({ samples: lossOf(9) })).kind).toBe("stop");
    expect(judge(factsOf({ samples: lossOf(10) })).kind).toBe("unknown");
  });
});

describe("heartbeat", () => {
  const limits = { heartbeatSeconds: 600 };
  test("declared, it counts from the start", () => {
    expect(limited(limits, { elapsedSeconds: 601 }).kind).toBe("stop");
    expect(limited(limits, { elapsedSeconds: 600 }).kind).toBe("keep");
    const [breach] = breachesOf(limited(limits, { elapsedSeconds: 700 }));
    expect(breach?.observed).toBe("11m 40s since it started, and it has never reported progress");
  });

  test("a report in a sample counts as well", () => {
    const samples = samplesOf(200, 10, (index) => (index === 150 ? { progress: true } : {}));
    expect(limited(limits, { samples, progress: { ever: true, secondsSince: 5000 } }).kind).toBe("keep");
  });

  test("silence in time that was not watched, or not sampled, is unknown (K3, K5)", () => {
    expect(limited(limits, { watchedSinceMonotonic: MONOTONIC - 599_000 }).kind).toBe("unknown");
    expect(limited(limits, { samples: [] }).kind).toBe("unknown");
    expect(limited(limits, { samples: samplesOf(200, 10).slice(0, -3) }).kind).toBe("unknown");
  });

  test("where nothing is sampled, beats alone count, of time that was watched", () => {
    const metrics = { ...factsOf().metrics, cpu: false, io: false, network: false, output: false };
    expect(limited(limits, { samples: [], metrics }).kind).toBe("stop");
    expect(limited(limits, { samples: [], metrics, watchedSinceMonotonic: MONOTONIC - 600_000 }).kind).toBe("unknown");
  });
});

describe("unknown", () => {
  test.each<[string, Partial<GuardLimits>, (facts: RunFacts) => RunFacts]>([
    ["duration", { durationSeconds: 1 }, ({ elapsedSeconds: _, ...rest }) => rest],
    ["heartbeat", { heartbeatSeconds: 1 }, ({ elapsedSeconds: _, ...rest }) => rest],
    ["heartbeat", { heartbeatSeconds: 1 }, (facts) => ({ ...facts, progress: { ever: true } })],
    ["output", { outputBytes: 1 }, (facts) => facts],
    ["disk", { diskBytes: 1 }, (facts) => facts],
    ["cost", { cost: usd("1") }, (facts) => facts],
    ["cost", { cost: usd("1") }, (facts) => ({ ...facts, cost: { kind: "unpriced", missing: "local vCPU" } })],
    ["cost", { cost: { amount: "1", currency: "EUR" } }, (facts) => ({ ...facts, ...metered("900") })],
  ])("%s, when its figure is", (limit, limits, change) => {
    const verdict = judge(change(factsOf({ limits: { ...LIMITS, ...limits } })));
    expect(verdict.kind).toBe("unknown");
    if (verdict.kind === "unknown") expect(verdict.missing[0]).toMatch(new RegExp(`^${limit}: `));
  });
});

describe("warnings of cost", () => {
  const cost = usd("5");
  test("from the share on, with when the limit is reached", () => {
    expect(limited({ cost }, metered("3.999999999"))).toEqual({ kind: "keep", warnings: [] });
    const verdict = limited({ cost }, metered("4", "2"));
    expect(verdict.kind === "keep" ? verdict.warnings.map((each) => each.observed) : []).toEqual([
      "4.00 USD metered, 80% of the limit; at this rate the limit is reached in 30m",
    ]);
  });

  test("when the expected end lies beyond the limit", () => {
    const verdict = limited({ cost }, { ...metered("1", "4"), elapsedSeconds: 900, expectedSeconds: 5400 });
    const warnings = verdict.kind === "keep" ? verdict.warnings : [];
    expect(warnings).toMatchObject([{ evidence: { kind: "projection", projected: "6" } }]);
    expect(limited({ cost }, { ...metered("1", "3"), elapsedSeconds: 900, expectedSeconds: 5400 })).toEqual({
      kind: "keep",
      warnings: [],
    });
  });

  test("go with an unknown verdict too", () => {
    const verdict = limited({ cost, diskBytes: 1 }, metered("4.5"));
    expect(verdict).toMatchObject({ kind: "unknown", warnings: [{ limit: "cost" }] });
  });
});

test("observing forbids more than protection, and that more than notifying", () => {
  const of = (over: Partial<GuardLimits>) => actionFor({ ...LIMITS, ...over });
  expect(of({})).toBe("stop");
  expect(of({ onBreach: "notify" })).toBe("notify");
  expect(of({ protect: true, onBreach: "notify" })).toBe("protected");
  expect(of({ mode: "observe", protect: true })).toBe("observe");
});
