import { describe, expect, it } from "vitest";
import { idleSample } from "../../../providers/memory/index.ts";
import { HOUR, type LedgerEvent, MINUTE, SECOND } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { faultyLedger } from "../../support/faultyLedger.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const hourly = (name: string, change = {}) => job(name, { schedule: cron("0 * * * *"), ...change });

async function troubled(
  refuses: (event: LedgerEvent) => boolean,
): Promise<{ stand: Stand; full: (on: boolean) => void }> {
  const stand = await Stand.open();
  let isFull = false;
  stand.ledger = faultyLedger(stand.ledger, (events) => isFull && events.some(refuses));
  return {
    stand,
    full: (on) => {
      isFull = on;
    },
  };
}

describe("a ledger that refuses for a while (L4)", () => {
  it("starts nothing without its record, says so, and starts it within a minute of room", async () => {
    const { stand, full } = await troubled(() => true);
    stand.world.script = () => ({ durationSeconds: 60 });
    await stand.start(desiredState([hourly("a")]));
    full(true);
    await stand.clock.advance(HOUR + 30 * SECOND);
    expect(stand.world.starts).toEqual([]);
    expect(stand.engine.problems().join()).toContain("cannot record (full)");
    full(false);
    await stand.clock.advance(MINUTE);
    expect(stand.world.starts).toHaveLength(1);
    expect(stand.engine.problems()).toEqual([]);
    await stand.stop();
  });

  it("is ready again within a minute of room, also when there was nothing else to record", async () => {
    const { stand, full } = await troubled(() => true);
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(MINUTE);
    full(true);
    await expect(stand.engine.startRun("a", { name: "ann", via: "cli" })).rejects.toThrow("no room");
    await stand.clock.advance(MINUTE);
    expect(stand.engine.problems()).toHaveLength(1);
    full(false);
    await stand.clock.advance(MINUTE);
    expect(stand.engine.problems()).toEqual([]);
    await stand.stop();
  });

  it.each(["run.sent", "run.started", "run.ended"] as const)(
    "loses no run whose %s could not be recorded, and starts none twice",
    async (type) => {
      const { stand, full } = await troubled((event) => event.type === type);
      stand.world.script = () => ({ durationSeconds: 30 });
      await stand.start(desiredState([hourly("a"), hourly("bad", { options: {} })]));
      await stand.clock.advance(HOUR - 5 * SECOND);
      full(true);
      await stand.clock.advance(5 * MINUTE);
      full(false);
      await stand.clock.advance(90 * SECOND);
      expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["succeeded", "succeeded"]);
      expect(await stand.events("charge")).toHaveLength(2);
      expect(stand.world.starts).toHaveLength(2);
      await stand.stop();
    },
  );

  it("loses no start that was refused while the refusal could not be recorded", async () => {
    const { stand, full } = await troubled((event) => event.type === "run.ended");
    await stand.start(desiredState([hourly("a")]));
    stand.world.fault = ({ method }) => (method === "start" ? { error: { code: "invalid" } } : undefined);
    full(true);
    await stand.clock.advance(HOUR + 2 * MINUTE);
    full(false);
    await stand.clock.advance(MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "failed" }]);
    await stand.stop();
  });

  it("stops nothing without its record, and stops it when there is room", async () => {
    const { stand, full } = await troubled((event) => event.type === "run.stopping");
    stand.world.script = () => ({ durationSeconds: 1e6, sample: idleSample });
    await stand.start(desiredState([hourly("idle", { guard: { ...job("x").guard, idleSeconds: 600 } })]));
    full(true);
    await stand.clock.advance(HOUR + 20 * MINUTE);
    expect(await stand.events("run.judged")).toEqual([]);
    expect((await stand.ledger.runs({}))[0]?.status).toBe("running");
    full(false);
    await stand.clock.advance(MINUTE);
    expect((await stand.ledger.runs({}))[0]?.status).toBe("killed");
    await stand.stop();
  });

  it("keeps nobody from ending the daemon", async () => {
    const { stand, full } = await troubled(() => true);
    stand.world.script = () => ({ durationSeconds: 1e6 });
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    full(true);
    await stand.stop();
    expect(await stand.events("daemon.stopped")).toEqual([]);
  });
});
