import { afterEach, describe, expect, it, vi } from "vitest";
import { Budgets } from "../../../src/engine/money/budgets.ts";
import { MINUTE, SECOND } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** How long adding up rested between rounds that each took so long, while runs ended every five seconds. */
async function rests(tookMs: number): Promise<readonly number[]> {
  const stand = await Stand.open();
  const rounds: { readonly from: number; readonly to: number }[] = [];
  vi.spyOn(Budgets.prototype, "check").mockImplementation(async () => {
    const from = stand.clock.now();
    await stand.clock.sleep(tookMs);
    rounds.push({ from, to: stand.clock.now() });
  });
  stand.world.script = ({ job: { name } }) => ({ durationSeconds: Number(name.slice(1)) });
  const jobs = Array.from({ length: 11 }, (_, i) => job(`j${5 * i + 5}`, { schedule: cron("* * * * *") }));
  await stand.start(desiredState(jobs));
  await stand.clock.advance(5 * MINUTE);
  const from = rounds.length;
  await stand.clock.advance(10 * MINUTE);
  await stand.stop();
  return rounds.slice(from).map((each, i) => each.from - (rounds[from + i - 1]?.to ?? 0));
}

describe("how often budgets are added up while runs keep ending", () => {
  it("is every few seconds where it takes no time", async () => {
    const all = await rests(0);
    expect(all.length).toBeGreaterThan(60);
    expect(Math.min(...all)).toBe(5 * SECOND);
  });

  it("is after a rest of ten times as long as the last round took", async () => {
    const all = await rests(4 * SECOND);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(40 * SECOND);
    expect(Math.max(...all)).toBeLessThanOrEqual(45 * SECOND);
  });

  it("is never later than after a minute: a used-up budget must stop what it is to stop", async () => {
    const all = await rests(30 * SECOND);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(MINUTE);
    expect(Math.max(...all)).toBeLessThanOrEqual(MINUTE + 5 * SECOND);
  });
});
