import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, type PastRun, type TrialInput, tightenedLimits, tryLimits } from "../../../src/guard/index.ts";
import type { GuardLimits, Run, Sample, TrialResult } from "../../../src/model/index.ts";
import { factsOf, LIMITS, NOW, samplesOf } from "./facts.ts";

const { metrics } = factsOf();

/** A run that ended at NOW after `seconds`. */
function pastRun(seconds: number, over: Partial<PastRun> & { readonly status?: Run["status"] } = {}): PastRun {
  const { status = "succeeded", ...rest } = over;
  const run: Run = {
    run: `run-${seconds}`,
    job: "churn",
    environment: "prod",
    placement: "local",
    cause: "fire",
    attempt: 1,
    status,
    createdAt: NOW - seconds * 1000,
    startedAt: NOW - seconds * 1000,
    endedAt: NOW,
    limits: LIMITS,
    labels: {},
    workload: "process",
    cpu: 1,
    memoryBytes: 0,
    gpu: 0,
  };
  return { run, samples: [], ...rest };
}

function trial(after: Partial<GuardLimits>, runs: readonly PastRun[], over: Partial<TrialInput> = {}): TrialResult {
  const result = tryLimits({ job: "churn", after: { ...LIMITS, ...after }, runs, metrics, ...over });
  if (!result) throw new Error("nothing was tried");
  return result;
}

describe("which limits are tried", () => {
  const before = { ...LIMITS, idleSeconds: 1800, durationSeconds: 3600, cost: { amount: "5", currency: "USD" } };
  test.each<[string, GuardLimits | undefined, Partial<GuardLimits>, readonly string[]]>([
    ["the same", before, {}, []],
    ["looser", before, { idleSeconds: 3600, durationSeconds: 9999, cost: { amount: "6", currency: "USD" } }, []],
    [
      "tighter",
      before,
      { idleSeconds: 60, durationSeconds: 60, cost: { amount: "4.99", currency: "USD" } },
      ["idle", "duration", "cost"],
    ],
    ["new ones", before, { outputBytes: 1, diskBytes: 1, heartbeatSeconds: 1 }, ["heartbeat", "output", "disk"]],
    ["another currency", before, { cost: { amount: "5", currency: "CAD" } }, ["cost"]],
    ["more CPU that counts as none", before, { idleCpu: 0.5 }, ["idle"]],
    ["a new job", undefined, {}, ["idle", "duration", "cost"]],
    ["from observing to enforcing", { ...before, mode: "observe" }, {}, ["idle", "duration", "cost"]],
    ["from notifying to stopping", { ...before, onBreach: "notify" }, {}, ["idle", "duration", "cost"]],
    ["tighter, but only observing", before, { idleSeconds: 1, mode: "observe" }, []],
    ["tighter, but protected", before, { idleSeconds: 1, protect: true }, []],
  ])("%s", (_, was, is, changed) => {
    expect(tightenedLimits(was, { ...before, ...is })).toEqual(changed);
    const tried = tryLimits({
      job: "churn",
      ...(was ? { before: was } : {}),
      after: { ...before, ...is },
      runs: [],
      metrics,
    });
    expect(tried?.changed ?? []).toEqual(changed);
  });
});

describe("what they would have done", () => {
  test("counts the good runs among those stopped, and when", () => {
    const runs = [pastRun(600), pastRun(4000), pastRun(5000, { status: "failed" })];
    expect(trial({ durationSeconds: 3600 }, runs)).toMatchObject({
      runs: 3,
      goodRunsStopped: 1,
      stopped: [
        { run: "run-4000", status: "succeeded", limits: ["duration"], afterSeconds: 3600, observed: "ran 1h 6m" },
        { run: "run-5000", status: "failed" },
      ],
      unknown: [],
    });
  });

  test("leaves out runs that are open, and keeps those that never started", () => {
    const { endedAt: _, ...open } = pastRun(9000, { status: "running" }).run;
    const { startedAt: __, ...unstarted } = pastRun(9000, { status: "failed" }).run;
    const runs = [
      { run: open, samples: [] },
      { run: unstarted, samples: [] },
    ];
    expect(trial({ durationSeconds: 1 }, runs)).toMatchObject({ runs: 1, stopped: [], unknown: [] });
  });

  test("cost: exact, at the time it was reached; without a price, unknown", () => {
    const cost = { amount: "10", currency: "USD" };
    const runs = [pastRun(1000, { cost }), pastRun(100, { cost: { ...cost, amount: "4" } }), pastRun(50)];
    expect(trial({ cost: { amount: "4", currency: "USD" } }, runs)).toMatchObject({
      stopped: [{ run: "run-1000", afterSeconds: 400 }],
      unknown: [{ run: "run-50", why: "cost: it had no price" }],
    });
  });

  test("output and disk: from samples; what is not kept is unknown, unless it is over already", () => {
    const printed = (count: number): Sample[] => samplesOf(count, 10, () => ({ outputBytes: 100, diskBytes: 500 }));
    const runs = [pastRun(1000, { samples: printed(100) }), pastRun(3000, { samples: printed(20) })];
    expect(trial({ outputBytes: 5000 }, runs)).toMatchObject({
      stopped: [{ run: "run-1000" }],
      unknown: [{ run: "run-3000", why: "output: not all of its samples are kept" }],
    });
    expect(trial({ outputBytes: 1500 }, runs).stopped).toHaveLength(2);
    expect(trial({ diskBytes: 499 }, runs).stopped).toHaveLength(2);
    expect(trial({ diskBytes: 500 }, [...runs, pastRun(10)])).toMatchObject({
      stopped: [],
      unknown: [{ run: "run-10" }],
    });
  });

  test("heartbeat: the longest silence, the first and the last too", () => {
    const beats = (...at: readonly number[]) => samplesOf(300, 10, (i) => ({ progress: at.includes(i) }));
    const of = (...at: readonly number[]) =>
      trial({ heartbeatSeconds: 1200 }, [pastRun(3000, { samples: beats(...at) })]);
    expect(of(100, 200).stopped).toEqual([]);
    expect(of(150).stopped).toMatchObject([{ afterSeconds: 1200 }]);
    expect(of(50, 100).stopped).toMatchObject([{ afterSeconds: 2210 }]);
    expect(trial({ heartbeatSeconds: 1200 }, [pastRun(3000)]).unknown).toHaveLength(1);
  });

  test("idle: a quiet half hour in the middle, and a print loop", () => {
    const quiet = samplesOf(600, 10, (i) => (i >= 200 && i < 400 ? {} : { cpuSeconds: 10 }));
    const loop = samplesOf(600, 10, (i) =>
      i < 300 ? { writtenBytes: 1 } : { cpuSeconds: 9, outputBytes: 9e6, repeatingShare: 1 },
    );
    const busy = samplesOf(600, 10, (i) => ({ cpuSeconds: 10, outputBytes: i % 7, repeatingShare: 1 }));
    const runs = [quiet, loop, busy].map((samples) => pastRun(6000, { samples }));
    expect(trial({ idleSeconds: 1800 }, runs).stopped).toMatchObject([
      { afterSeconds: 3800, observed: "30m without progress" },
      { afterSeconds: 4800, observed: "30m of a print loop" },
    ]);
    expect(trial({ idleSeconds: 1800 }, [pastRun(6000), pastRun(1800)])).toMatchObject({
      stopped: [],
      unknown: [{ run: "run-6000", why: "idle: samples are kept of 0% of its time" }],
    });
  });
});

test("the trial of an idle limit says what the guard would have said, sample by sample", () => {
  const quietly = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom("idle", "work", "loop")), {
    minLength: 2,
    maxLength: 12,
  });
  let stops = 0;
  fc.assert(
    fc.property(quietly, fc.integer({ min: 60, max: 400 }), (stretches, idleSeconds) => {
      const uses = stretches.flatMap(([count, what]) =>
        Array.from({ length: count }, (): Partial<Sample> => {
          if (what === "work") return { cpuSeconds: 10 };
          return what === "loop" ? { cpuSeconds: 9, outputBytes: 9e6, repeatingShare: 1 } : {};
        }),
      );
      const samples = samplesOf(uses.length, 10, (index) => uses[index] ?? {});
      const past = pastRun(uses.length * 10, { samples });
      const result = trial({ idleSeconds }, [past]);
      const started = past.run.startedAt ?? 0;
      const live = samples.findIndex((sample, index) => {
        const facts = factsOf({
          limits: { ...LIMITS, idleSeconds },
          samples: samples.slice(0, index + 1),
          now: sample.to,
          monotonic: sample.monotonicTo ?? 0,
          elapsedSeconds: (sample.to - started) / 1000 + 0.001,
          watchedSinceMonotonic: (sample.monotonicTo ?? 0) - (sample.to - started),
        });
        return judge(facts).kind === "stop";
      });
      const toMs = samples[live]?.to;
      if (toMs !== undefined) stops += 1;
      // A run that ends with the very sample that would have stopped it was never past its limit.
      if (live === samples.length - 1 && uses.length * 10 <= idleSeconds) return;
      expect(result.stopped[0]?.afterSeconds).toBe(toMs === undefined ? undefined : (toMs - started) / 1000);
    }),
    { numRuns: 150 },
  );
  expect(stops).toBeGreaterThan(20);
});
