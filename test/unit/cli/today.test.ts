import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLedger } from "../../../src/ledger/index.ts";
import { HOUR, MINUTE } from "../../../src/model/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { SampleWriter, sampleJob, sampleRun } from "../../support/sample.ts";
import { runInShell, type ShellOutcome } from "../../support/shell.ts";

const MANIFEST = `rota: 1
namespace: shop
timezone: UTC
providers: { local: {} }
environments: { dev: { provider: local } }
jobs:
  count: { process: { command: [echo, hi] }, schedule: "*/5 * * * *" }
  close: { process: { command: [echo, hi] }, schedule: "0 7 * * *" }
`;
const SIX = Date.UTC(2026, 10, 23, 6);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-cli-"));
  await writeFile(join(folder, "jobs.yaml"), MANIFEST);
  const clock = new VirtualClock({ startAt: SIX - MINUTE });
  const ledger = await openLedger({ path: join(folder, ".rota", "ledger.db"), clock });
  const writer = new SampleWriter(ledger, clock);
  await writer.deploy(SIX - MINUTE, sampleJob("count", "*/5 * * * *"), sampleJob("close", "0 7 * * *"));
  const run = await writer.start(sampleRun("count", SIX, { run: "count.1" }));
  await writer.end(run, { status: "failed", afterMs: MINUTE, reason: "exit code 1\u001b[2J", exitCode: 1 });
  await writer.at(SIX + 2 * MINUTE, { type: "daemon.stopped", epoch: 1, reason: "stopped by a person" });
  await ledger.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const today = (argv: readonly string[], columns?: number): Promise<ShellOutcome> =>
  runInShell(folder, ["today", ...argv], { now: SIX + 2 * HOUR, ...(columns === undefined ? {} : { columns }) });

test("a job of many fires is one line, and what is alike in a row is one line below it", async () => {
  const { code, stdout } = await today([]);
  expect(code).toBe(0);
  const lines = stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, "  "));
  expect(lines[0]).toBe("2026-11-23 (UTC)");
  expect(lines[1]).toMatch(/^ {2}216× {2}count {2}1 failed, \d+ missed, .*\d+ upcoming$/);
  expect(lines[2]).toBe("!  06:00  count  failed  exit code 1␛[2J  count.1");
  expect(lines[3]).toMatch(/^✗ {2}06:05–0\d:\d\d {2}count {2}missed {2}\d+× {2}.*no daemon/);
  expect(stdout).toMatch(/^✗ +07:00 +close +missed/m);
});

test("no line is longer than a narrow terminal", async () => {
  const { stdout } = await today([], 50);
  const plain = stdout.replaceAll(/\u001b\[[0-9;]*m/g, "").split("\n");
  // The line of counts at the end is the terminal's to break.
  for (const line of plain.slice(0, -2)) expect(line.length).toBeLessThanOrEqual(50);
});

test("--check finds what nobody excused, and a day of which nothing is known is empty", async () => {
  expect((await today(["--check"])).code).toBe(2);
  const before = await today(["--date", "2026-11-20", "--check"]);
  expect(before).toMatchObject({ code: 0, stdout: expect.stringContaining("no fires are expected") });
  for (const date of ["November", "2026-02-30", "2026-11-23T06:00:00Z"]) {
    const { code, stderr } = await today(["--date", date]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("Write a date as 2026-11-23.") });
  }
});
