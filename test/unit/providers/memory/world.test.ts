import { describe, expect, it } from "vitest";
import {
  type Fault,
  type FaultCall,
  idleSample,
  loopingSample,
  MemoryWorld,
  openMemory,
} from "../../../../providers/memory/index.ts";
import type { JsonObject } from "../../../../src/model/index.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../../src/model/index.ts";
import { deploy, desiredJob, requestFor, type Subject } from "../../../conformance/subject.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { command } from "../../../support/machine.ts";
import { SeededRandom } from "../../../support/random.ts";

const owner = { namespace: "acme", environment: "dev" };

function stand(options: JsonObject = {}, world?: MemoryWorld, clock = new VirtualClock()) {
  const there = world ?? new MemoryWorld(clock);
  const provider = openMemory(
    {
      placement: "m",
      options,
      ...owner,
      stateDir: "/x",
      baseDir: "/x",
      clock,
      random: new SeededRandom(1),
      env: {},
      log: () => {},
    },
    there,
  );
  const subject = { provider, owner } as unknown as Subject;
  const request = (run: string) => requestFor(subject, run, command("true"));
  return { clock, world: there, provider, subject, request };
}

describe("native schedules", () => {
  it("fire at their instants whether a daemon looks or not, and say so", async () => {
    const { clock, world, provider, subject } = stand({ schedules: "native" });
    world.script = () => ({ durationSeconds: 60 });
    await deploy(provider, desiredJob(subject, "job", command("true"), "*/30 * * * *"));
    await clock.advance(3 * HOUR + MINUTE);
    const next = stand({ schedules: "native" }, world, clock).provider;
    const runs = await next.listRuns(0);
    expect(runs.map((run) => new Date(run.startedAt ?? 0).toISOString().slice(11, 16))).toEqual([
      "06:30",
      "07:00",
      "07:30",
      "08:00",
      "08:30",
      "09:00",
    ]);
    for (const run of runs) {
      expect(run).toMatchObject({ phase: "ended", startedBy: "schedule", job: "job" });
      expect(run.fireAt).toBe(run.startedAt);
      expect(run).not.toHaveProperty("run");
    }
    expect(await next.listRuns(0)).toHaveLength(6);
  });

  it("fire what was deployed at the time: not before, not while paused, not after the delete", async () => {
    const { clock, world, provider, subject } = stand({ schedules: "native" });
    const desired = desiredJob(subject, "job", command("true"), "0 * * * *");
    await clock.advance(2 * HOUR + MINUTE);
    await deploy(provider, desired);
    await clock.advance(2 * HOUR);
    await provider.setPaused("job", true, "test");
    await clock.advance(2 * HOUR);
    await provider.setPaused("job", false, "test");
    await clock.advance(HOUR);
    const [actual] = await provider.listDeployments();
    if (!actual) throw new Error("not deployed");
    await provider.apply({ action: "delete", actual, why: "test" });
    await clock.advance(DAY);
    await provider.listRuns(0);
    expect(world.starts.map((start) => new Date(start.at).getUTCHours())).toEqual([9, 10, 13]);
  });

  it("know nothing of a step of the daemon's wall clock", async () => {
    const { clock, world, provider, subject } = stand({ schedules: "native" });
    await deploy(provider, desiredJob(subject, "job", command("true"), "0 * * * *"));
    for (const step of [DAY, -2 * DAY, 40 * 365 * DAY, -40 * 365 * DAY]) {
      clock.step(step);
      await provider.listRuns(0);
    }
    expect(world.starts).toEqual([]);
    await clock.advance(HOUR);
    await provider.listRuns(0);
    expect(world.starts).toHaveLength(1);
  });

  it.each<[Fault, number]>([
    [{ duplicate: true }, 4],
    [{ drop: true }, 0],
    [{ latencyMs: 5000 }, 2],
  ])("under the fault %j", async (fault, count) => {
    const { clock, world, provider, subject } = stand({ schedules: "native" });
    await deploy(provider, desiredJob(subject, "job", command("true"), "0 * * * *"));
    world.fault = (call) => (call.method === "fire" ? fault : undefined);
    await clock.advance(2 * HOUR + MINUTE);
    const runs = await provider.listRuns(0);
    expect(runs).toHaveLength(count);
    for (const run of runs) expect((run.startedAt ?? 0) - (run.fireAt ?? 0)).toBe(fault.latencyMs ?? 0);
  });
});

describe("faults", () => {
  it("lose an acknowledgement: the change was made, and the caller does not know", async () => {
    const { world, provider, request } = stand();
    world.fault = ({ method }) => (method === "start" ? { error: { code: "unavailable", when: "after" } } : undefined);
    await expect(provider.start(request("r"))).rejects.toMatchObject({ code: "unavailable" });
    expect(await provider.find("r")).toMatchObject({ phase: "running" });
    world.fault = ({ method }) => (method === "start" ? { error: { code: "unavailable" } } : undefined);
    await expect(provider.start(request("s"))).rejects.toMatchObject({ code: "unavailable" });
    expect(await provider.find("s")).toBeUndefined();
  });

  it("read what was true a while ago", async () => {
    const { clock, world, provider, subject, request } = stand();
    world.script = () => ({ durationSeconds: 100 });
    const { handle } = await provider.start(request("r"));
    const [actual] = await deploy(provider, desiredJob(subject, "job", command("true")));
    await clock.advance(110 * SECOND);
    if (actual) await provider.apply({ action: "delete", actual, why: "test" });
    world.fault = () => ({ staleMs: 30_000 });
    expect(await provider.inspect(handle)).toMatchObject({ phase: "running", elapsedSeconds: 80 });
    expect(await provider.listDeployments()).toHaveLength(1);
    world.fault = () => ({ staleMs: 111_000 });
    await expect(provider.inspect(handle)).rejects.toMatchObject({ code: "missing" });
    expect(await provider.find("r")).toBeUndefined();
  });

  it("take time, and are told whom they hit", async () => {
    const { clock, world, provider, request } = stand();
    const calls: FaultCall[] = [];
    world.fault = (call) => {
      calls.push(call);
      return { latencyMs: 3000 };
    };
    const started = provider.start(request("r"));
    await clock.advance(2999);
    expect(world.starts).toEqual([]);
    await clock.advance(1);
    await started;
    expect(calls).toMatchObject([{ method: "start", job: "job", run: "r", placement: "m" }]);
  });

  it("by a person: a stripped mark hides it and still holds the name, an edit makes what was read old", async () => {
    const { world, provider, subject } = stand();
    const desired = desiredJob(subject, "job", command("true"));
    const [actual] = await deploy(provider, desired);
    if (!actual) throw new Error("not deployed");
    world.edit("m", "schedule", "job", (held) => ({ ...held, unmanaged: { note: "by hand" } }));
    expect(await provider.listDeployments()).toMatchObject([{ unmanaged: { note: "by hand" } }]);
    world.stripMark("m", "schedule", "job");
    expect(await provider.listDeployments()).toEqual([]);
    await expect(deploy(provider, desired)).rejects.toMatchObject({ code: "exists" });
    await expect(provider.apply({ action: "delete", actual, why: "test" })).rejects.toMatchObject({ code: "denied" });
  });
});

describe("runs", () => {
  it("start again under the same key once its token is forgotten (F4)", async () => {
    const clock = new VirtualClock();
    const { world, provider, request } = stand({}, new MemoryWorld(clock, { startTokenSeconds: 3600 }), clock);
    expect(provider.capabilities.startTokenSeconds).toBe(3600);
    await provider.start(request("r"));
    await clock.advance(HOUR - 1);
    await provider.start(request("r"));
    expect(world.starts).toHaveLength(1);
    await clock.advance(1);
    await provider.start(request("r"));
    expect(world.starts).toHaveLength(2);
  });

  it("are forgotten after their time", async () => {
    const clock = new VirtualClock();
    const { provider, request } = stand({}, new MemoryWorld(clock, { rememberSeconds: 3600 }), clock);
    const { handle } = await provider.start(request("r"));
    await clock.advance(HOUR);
    expect(await provider.listRuns(0)).toHaveLength(1);
    await clock.advance(2 * SECOND);
    expect(await provider.listRuns(0)).toEqual([]);
    await expect(provider.inspect(handle)).rejects.toMatchObject({ code: "missing" });
  });

  it.each([
    ["ignores the polite stop", { politeSeconds: Number.POSITIVE_INFINITY, hardSeconds: 2 }, undefined, 2000],
    ["takes its time", { politeSeconds: 5 }, 5000, 0],
  ] as const)("that %s", async (_what, script, politeMs, hardMs) => {
    const { clock, world, provider, request } = stand();
    world.script = () => ({ durationSeconds: Number.POSITIVE_INFINITY, ...script });
    const { handle, startedAt = 0 } = await provider.start(request("r"));
    await provider.stop(handle, "polite");
    await clock.advance(10 * SECOND);
    const state = await provider.inspect(handle);
    expect(state.endedAt).toBe(politeMs === undefined ? undefined : startedAt + politeMs);
    await provider.stop(handle, "hard");
    await clock.advance(10 * SECOND);
    expect(await provider.inspect(handle)).toMatchObject({
      outcome: "stopped",
      endedAt: politeMs === undefined ? startedAt + 10_000 + hardMs : startedAt + politeMs,
    });
  });

  it("that finish before the stop stay succeeded (K12)", async () => {
    const { clock, world, provider, request } = stand();
    world.script = () => ({ durationSeconds: 5, politeSeconds: 10 });
    const { handle } = await provider.start(request("r"));
    await provider.stop(handle, "polite");
    await clock.advance(20 * SECOND);
    expect(await provider.inspect(handle)).toMatchObject({ outcome: "succeeded", elapsedSeconds: 5 });
  });

  it("end at the platform's own limit, but not where the guard would not stop", async () => {
    const { clock, world, provider, request } = stand({ nativeTimeLimit: true });
    world.script = () => ({ durationSeconds: Number.POSITIVE_INFINITY });
    const plain = request("r");
    const protectedRun = { ...request("s"), job: { ...plain.job, guard: { ...plain.job.guard, protect: true } } };
    const { handle } = await provider.start(plain);
    const other = await provider.start(protectedRun);
    await clock.advance(2 * HOUR);
    expect(await provider.inspect(handle)).toMatchObject({ outcome: "stopped", elapsedSeconds: 3600 });
    expect(await provider.inspect(other.handle)).toMatchObject({ phase: "running" });
  });

  it("give samples as scripted, late, with gaps, on a grid", async () => {
    const { clock, world, provider, request } = stand({ intervalSeconds: 10, delaySeconds: 25 });
    world.script = () => ({
      durationSeconds: 100,
      sample: (index) => (index === 1 ? undefined : index < 3 ? idleSample() : loopingSample(index, 10)),
    });
    const { handle, startedAt = 0 } = await provider.start(request("r"));
    const ends = async (after: number) =>
      (await provider.measure(handle, after)).map((sample) => (sample.to - startedAt) / 1000);
    await clock.advance(50 * SECOND);
    expect(await ends(0)).toEqual([10]);
    await clock.advance(40 * SECOND);
    expect(await ends(startedAt + 10_000)).toEqual([30, 40, 50, 60]);
    await clock.advance(HOUR);
    expect(await ends(startedAt + 60_000)).toEqual([70, 80, 90, 100]);
  });

  it("are cheap by ten thousands", async () => {
    const { clock, world, provider, request } = stand();
    world.script = ({ run }) => ({ durationSeconds: Number(run?.slice(1)) % 2 === 0 ? 10 : 100_000 });
    for (let index = 0; index < 10_000; index += 1) await provider.start(request(`r${index}`));
    await clock.advance(HOUR);
    const before = process.cpuUsage();
    const runs = await provider.listRuns(clock.now() - MINUTE);
    expect(runs).toHaveLength(5000);
    for (const { handle } of runs.slice(0, 1000)) await provider.inspect(handle);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2500);
  });
});

describe("logs", () => {
  it("come as scripted, are followed in the world's time, and end with the run", async () => {
    const { clock, world, provider, request } = stand();
    world.script = () => ({
      durationSeconds: 30,
      output: [
        { afterSeconds: 0, stream: "stdout", text: "one\n" },
        { afterSeconds: 20, stream: "stderr", text: "two\n" },
        { afterSeconds: 40, stream: "stdout", text: "never\n" },
      ],
    });
    const { handle } = await provider.start(request("r"));
    const texts: string[] = [];
    const reading = (async () => {
      for await (const chunk of provider.logs(handle, { follow: true })) texts.push(chunk.text);
    })();
    await clock.advance(10 * SECOND);
    expect(texts).toEqual(["one\n"]);
    await clock.advance(HOUR);
    await reading;
    expect(texts).toEqual(["one\n", "two\n"]);
  });
});
