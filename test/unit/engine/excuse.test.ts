import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import { todayView } from "../../../src/query/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const START = Date.UTC(2026, 10, 24, 6);
const MINA = { name: "mina", via: "cli" } as const;
const fire = (name: string, hour: string): string => `${name}/2026-11-24T${hour}:00/0`;

const jobs = [
  ...["good", "broken", "long"].map((name) => job(name, { schedule: cron("0 7 * * *") })),
  job("later", { schedule: cron("0 20 * * *") }),
];

let stand: Stand;
beforeEach(async () => {
  stand = await Stand.open({ startAt: START });
  stand.world.script = ({ job: { name } }) => ({
    durationSeconds: name === "long" ? 6 * 3600 : 60,
    outcome: name === "broken" ? "failed" : "succeeded",
  });
  await stand.start(desiredState(jobs));
  await stand.clock.advance(HOUR + 10 * MINUTE);
});
afterEach(() => stand.stop());

const excuse = (name: string, hour = "07"): ReturnType<Stand["engine"]["excuse"]> =>
  stand.engine.excuse(fire(name, hour), "month end is late", MINA);

describe("an excuse", () => {
  it("is not given to a fire that ran: the answer says so, and nothing is recorded", async () => {
    await expect(excuse("good")).rejects.toMatchObject({
      code: "refused",
      message: `${fire("good", "07")} ran: it needs no excuse, and none was recorded`,
      fix: "nothing to do; rota explain good.20261124T0700.1 tells of it",
    });
    expect(await stand.events("fire.excused")).toEqual([]);
  });

  it("reads of its own job alone, and of the days around the fire", async () => {
    const asked: unknown[] = [];
    const { ledger } = stand;
    const deployments = ledger.deployments.bind(ledger);
    ledger.deployments = (range) => {
      asked.push(range);
      return deployments(range);
    };
    await excuse("broken");
    const at = START + HOUR;
    expect(asked).toEqual([{ job: "broken", from: at - DAY, to: at + DAY }]);
  });

  it("covers what went wrong, and says what that was", async () => {
    expect(await excuse("broken")).toEqual({ was: "failed", run: "broken.20261124T0700.1" });
    const { fires } = await todayView({ ledger: stand.ledger, now: stand.clock.now(), zone: "UTC" });
    expect(fires.find((f) => f.job === "broken")).toMatchObject({ state: "excused", was: "failed" });
  });

  it("may be given in advance, and counts if the fire comes to nothing", async () => {
    expect(await excuse("long")).toEqual({ was: "running", run: "long.20261124T0700.1" });
    expect(await excuse("later", "20")).toEqual({ was: "upcoming" });
    const stateOf = async (name: string): Promise<object | undefined> => {
      const about = { ledger: stand.ledger, now: stand.clock.now(), zone: "UTC", date: "2026-11-24" };
      return (await todayView(about)).fires.find((f) => f.job === name);
    };
    await stand.crash();
    await stand.clock.advance(DAY);
    expect(await stateOf("later")).toMatchObject({ state: "excused", was: "missed" });
    await stand.start();
    await stand.clock.advance(MINUTE);
    expect([await stateOf("long"), await stateOf("later")]).toMatchObject([{ state: "ran" }, { state: "ran" }]);
  });

  it("is given to a fire of a schedule that was edited since, and to none that was never due", async () => {
    await stand.deploy(desiredState(jobs.map((j) => ({ ...j, schedule: cron("30 9 * * *") }))));
    expect(await excuse("broken")).toMatchObject({ was: "failed" });
    await expect(excuse("broken", "08")).rejects.toMatchObject({ code: "notFound" });
    await expect(excuse("nobody")).rejects.toMatchObject({ code: "notFound" });
    await expect(stand.engine.excuse("broken", "why", MINA)).rejects.toMatchObject({ code: "invalid" });
    await expect(stand.engine.excuse(fire("broken", "07"), " ", MINA)).rejects.toMatchObject({ code: "invalid" });
  });
});
