import { describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

describe("runs that the vendor started", () => {
  it("are one run each on record, also one that began long before the restart and ended shortly before it", async () => {
    const stand = await Stand.open({ placementOptions: { schedules: "native" } });
    const first = stand.clock.now() + HOUR / 2;
    stand.world.script = ({ fireAt }) => ({ durationSeconds: fireAt === first ? 2.7 * 3600 : 60 });
    await stand.start(desiredState([job("a", { schedule: cron("*/30 * * * *") })]));
    await stand.clock.advance(3 * HOUR + 20 * MINUTE);
    await stand.crash();
    await stand.start();
    await stand.clock.advance(5 * MINUTE);
    const handles = (await stand.events("run.started")).map((e) => e.handle);
    expect(handles).toHaveLength(new Set(handles).size);
    expect(handles).toHaveLength(stand.world.starts.length);
    await stand.stop();
  });

  it("go on record in the order of time with the fires that came to nothing: a crash leaves no gap behind it", async () => {
    const stand = await Stand.open({ placementOptions: { schedules: "native" } });
    const [start, dropped] = [stand.clock.now(), stand.clock.now() + 75 * MINUTE];
    stand.world.fault = ({ method, at }) => {
      if (method === "fire") return at === dropped ? { drop: true } : undefined;
      return at > start + 20 * MINUTE && at < start + 3 * HOUR ? { error: { code: "unavailable" } } : undefined;
    };
    await stand.start(desiredState([job("a", { schedule: cron("*/15 * * * *") })]));
    await stand.clock.advance(3 * HOUR + MINUTE);
    const records = (await stand.entries()).flatMap(({ event }) => {
      if (event.type === "fire.started") return [event.fireAt];
      return event.type === "fire.missed" ? [event.from] : [];
    });
    expect(records).toContain(dropped);
    expect(records).toEqual([...records].sort((a, b) => a - b));
    await stand.crash();
  });

  it("are on record when their job is taken out before they were seen", async () => {
    const stand = await Stand.open({ placementOptions: { schedules: "native" } });
    const [start, jobs] = [stand.clock.now(), [job("a", { schedule: cron("*/15 * * * *") }), job("b")]];
    stand.world.script = () => ({ durationSeconds: 1200 });
    stand.world.fault = ({ method, at }) =>
      method === "listRuns" && at > start + 20 * MINUTE && at < start + 50 * MINUTE
        ? { error: { code: "unavailable" } }
        : undefined;
    await stand.start(desiredState(jobs, { safety: { maxStops: 1, share: 1, perSeconds: 900, maxDeletes: 1 } }));
    await stand.clock.advance(49 * MINUTE);
    await stand.deploy(desiredState(jobs.slice(1)));
    await stand.clock.advance(HOUR);
    const ran = stand.world.starts.filter((s) => s.job === "a").length;
    expect((await stand.events("run.ended")).filter((e) => e.run.startsWith("a."))).toHaveLength(ran);
    expect((await stand.events("fire.missed")).filter((e) => e.job === "a")).toEqual([]);
    await stand.crash();
  });
});
