import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLedger } from "../../../src/ledger/index.ts";
import { DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { SampleWriter, sampleRun } from "../../support/sample.ts";
import { runInShell } from "../../support/shell.ts";

/** Both start within the same half hour; by what is guessed, one is over before the other has to start. */
const MANIFEST = `rota: 1
namespace: shop
timezone: UTC
providers: { local: {} }
environments: { dev: { provider: local } }
pools: { warehouse: { capacity: 32 } }
jobs:
  brief:
    { process: { command: [echo, hi] }, pool: warehouse, load: 1, expect: { duration: 1m },
      schedule: { every: day, within: [daily 00:00-00:30] } }
  steady:
    { process: { command: [echo, hi] }, pool: warehouse, load: 1, expect: { duration: 1h },
      schedule: { every: day, within: [daily 00:00-00:30] } }
`;
const FIRST = Date.UTC(2026, 10, 16);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-cli-"));
  await writeFile(join(folder, "jobs.yaml"), MANIFEST);
  const clock = new VirtualClock({ startAt: FIRST });
  const ledger = await openLedger({ path: join(folder, ".rota", "ledger.db"), clock });
  const writer = new SampleWriter(ledger, clock);
  for (let day = 0; day < 6; day++) {
    const run = await writer.start(sampleRun("brief", FIRST + day * DAY, { run: `brief.${day}` }));
    await writer.end(run, { status: "succeeded", reason: "exit code 0", afterMs: HOUR + day * MINUTE });
  }
  await ledger.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("what the ledger saw of a job replaces its guess, and the guess is named", async () => {
  const guessed = await runInShell(folder, ["stagger"], { now: FIRST + 7 * DAY });
  expect(guessed.stdout).toMatch(/^Pool warehouse: 2 jobs, peak 2 → 1,/m);
  expect(guessed.stderr + guessed.stdout).not.toContain("brief takes");
  const observed = await runInShell(folder, ["stagger", "--observed"], { now: FIRST + 7 * DAY });
  expect(observed).toMatchObject({ code: 0 });
  expect(observed.stdout).toMatch(/^Pool warehouse: 2 jobs, peak 2(?: → 2)?, no schedule below 2/m);
  expect(observed.stderr + observed.stdout).toMatch(/brief takes 6\dm \(p95 6\dm\), not 60s \(6 runs\)/);
});
