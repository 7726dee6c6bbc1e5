import { expect, test } from "vitest";
import { observationsOf } from "../../../src/cli/observe.ts";
import type { Run, Sample } from "../../../src/model/index.ts";
import { flexible, makeJob } from "../stagger/support/jobs.ts";

const MINUTE = 60_000;

const RUN = { run: "r0", job: "a", startedAt: 0, endedAt: 10 * MINUTE } as Run;

/** So many runs of ten minutes, each of which used so many seconds of CPU in the half of them that was measured. */
function ledgerOf(runs: number, cpuSeconds: number | undefined) {
  return {
    runs: async () => Array.from({ length: runs }, (_, k) => ({ ...RUN, run: `r${k}` })),
    samples: async (run: string): Promise<readonly Sample[]> => [
      ...(/^r\d+$/.test(run) ? [] : [{ from: 0, to: MINUTE, cpuSeconds: 1e6 }]),
      { from: 0, to: 5 * MINUTE, ...(cpuSeconds === undefined ? {} : { cpuSeconds }) },
      { from: 5 * MINUTE, to: 10 * MINUTE },
    ],
  };
}

test("a load in vCPU is what the runs used while they were measured; from five runs on", async () => {
  const { load: _, ...cpu } = makeJob("a", flexible(), { minutes: 10 });
  expect((await observationsOf(ledgerOf(5, 450), [cpu])).get("a")).toEqual({
    durationsSeconds: [600, 600, 600, 600, 600],
    load: 1.5,
  });
  expect((await observationsOf(ledgerOf(4, 450), [cpu])).get("a")?.load).toBeUndefined();
  expect((await observationsOf(ledgerOf(5, undefined), [cpu])).get("a")?.load).toBeUndefined();
});

test("a declared load may be in another unit and stands", async () => {
  const declared = makeJob("a", flexible(), { minutes: 10, load: 7 });
  expect((await observationsOf(ledgerOf(9, 450), [declared])).get("a")?.load).toBeUndefined();
});
