import { describe, expect, test } from "vitest";
import { judge, type RunFacts } from "../../../src/guard/index.ts";
import type { Sample } from "../../../src/model/index.ts";
import { factsOf, samplesOf } from "./facts.ts";

const MIB = 1024 * 1024;
const repeating = (outputBytes: number): Partial<Sample> => ({
  outputBytes,
  repeatingShare: 1,
  repeatingLine: "again",
});

/** What a run of each kind looks like in samples of `seconds`; `stop` is what the guard must say after half an hour. */
const table: readonly {
  readonly name: string;
  readonly kind: "keep" | "stop";
  readonly use: (index: number, seconds: number) => Partial<Sample>;
  readonly over?: Partial<RunFacts>;
}[] = [
  { name: "busy CPU", kind: "keep", use: (_, seconds) => ({ cpuSeconds: seconds }) },
  { name: "disk only", kind: "keep", use: () => ({ writtenBytes: 4096 }) },
  { name: "disk only, reading now and then", kind: "keep", use: (i, s) => ((i * s) % 500 < s ? { readBytes: 1 } : {}) },
  { name: "network only", kind: "keep", use: () => ({ networkBytes: 900 }) },
  {
    name: "sleeping with progress in the samples",
    kind: "keep",
    use: (i, s) => ((i * s) % 600 < s ? { progress: true } : {}),
  },
  {
    name: "sleeping with progress by beats",
    kind: "keep",
    use: () => ({}),
    over: { progress: { ever: true, secondsSince: 600 } },
  },
  {
    name: "bursty, a second of CPU each minute",
    kind: "keep",
    use: (i, seconds) => ((i * seconds) % 60 < seconds ? { cpuSeconds: 1 } : {}),
  },
  {
    name: "parent waiting for a busy child (the tree is counted)",
    kind: "keep",
    use: (_, s) => ({ cpuSeconds: s * 0.9 }),
  },
  { name: "artefacts that grow", kind: "keep", use: (i, s) => ({ diskBytes: 1000 + (i * s > 1500 ? 1 : 0) }) },
  { name: "output that does not repeat", kind: "keep", use: () => ({ outputBytes: 40, repeatingShare: 0.5 }) },
  { name: "output of which nobody knows whether it repeats", kind: "keep", use: () => ({ outputBytes: 40 }) },
  { name: "silent but computing", kind: "keep", use: (_, seconds) => ({ cpuSeconds: seconds }) },
  {
    name: "computing, with the same line logged now and then",
    kind: "keep",
    use: (_, seconds) => ({ cpuSeconds: seconds, ...repeating(60) }),
  },
  {
    name: "computing, with the same warning a hundred times a second",
    kind: "keep",
    use: (_, seconds) => ({ cpuSeconds: seconds, ...repeating(10_000 * seconds) }),
  },
  {
    name: "printing a lot and writing files as well",
    kind: "keep",
    use: (_, seconds) => ({ cpuSeconds: seconds, writtenBytes: 10, ...repeating(MIB * seconds) }),
  },
  { name: "truly idle", kind: "stop", use: () => ({}) },
  { name: "stopped by SIGSTOP", kind: "stop", use: () => ({ memoryBytes: 500 * MIB }) },
  { name: "idle with background noise", kind: "stop", use: () => ({ cpuSeconds: 0.01 }) },
  {
    name: "idle with a tick of 30 ms every ten seconds",
    kind: "stop",
    use: (i, s) => ({ cpuSeconds: s > 10 ? (0.03 * s) / 10 : (i * s) % 10 < s ? 0.03 : 0 }),
  },
  { name: "idle, repeating a line every now and then", kind: "stop", use: () => repeating(40) },
  { name: "print loop at full speed", kind: "stop", use: (_, s) => ({ cpuSeconds: s, ...repeating(5 * MIB * s) }) },
  { name: "print loop with pauses", kind: "stop", use: (_, s) => ({ cpuSeconds: s * 0.05, ...repeating(8192 * s) }) },
];

describe.each([1, 5, 10, 30, 60])("with samples of %i s", (seconds) => {
  test.each(table)("$name → $kind", ({ kind, use, over }) => {
    const samples = samplesOf(Math.ceil(2000 / seconds), seconds, (index) => use(index, seconds));
    const metrics = { ...factsOf().metrics, intervalSeconds: seconds };
    expect(judge(factsOf({ samples, metrics, ...over })).kind).toBe(kind);
  });

  test("idle after work: kept until the whole window is quiet, then stopped", () => {
    const metrics = { ...factsOf().metrics, intervalSeconds: seconds };
    const quietFor = (quietSeconds: number): RunFacts =>
      factsOf({
        metrics,
        samples: samplesOf(Math.ceil(4000 / seconds), seconds, (i) =>
          (Math.ceil(4000 / seconds) - 1 - i) * seconds < quietSeconds ? {} : { cpuSeconds: seconds },
        ),
      });
    expect(judge(quietFor(1800 - seconds)).kind).toBe("keep");
    expect(judge(quietFor(1800)).kind).toBe("stop");
  });
});
