import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installShim } from "../../../../providers/local/shim.ts";
import { Daemon } from "../../../support/daemon.ts";
import { command, Machine, shell } from "../../../support/machine.ts";
import { wallClock } from "../../../support/wall-clock.ts";

let machine: Machine;
const daemons: Daemon[] = [];
beforeEach(async () => {
  machine = await Machine.open();
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.kill();
  await machine.close();
});

async function daemon(...runs: Parameters<typeof Daemon.start>[1]): Promise<Daemon> {
  const started = await Daemon.start(machine.stateDir, runs);
  daemons.push(started);
  return started;
}

/** Somebody kills the keeper: the one process whose job it is to write the exit status. */
async function killKeeper(run: string): Promise<void> {
  const [pid] = (await readFile(join(machine.folder(run), "keeper"), "utf8")).split(" ");
  process.kill(Number(pid), "SIGKILL");
}

describe("a daemon that was killed", () => {
  it("leaves runs that go on, are found, measured, stopped and collected by the next one", async () => {
    const first = await daemon(
      { run: "ends", workload: shell("sleep 0.4; echo done; exit 7") },
      { run: "stays", workload: shell("echo began; sleep 1000") },
    );
    await first.kill();
    const listed = await machine.provider.listRuns(0);
    expect(listed.map((state) => [state.run, state.phase])).toEqual([
      ["ends", "running"],
      ["stays", "running"],
    ]);
    expect(await machine.provider.find("ends")).toMatchObject({ handle: first.states[0]?.handle });
    const ends = await machine.ended(listed[0]?.handle ?? null);
    expect(ends).toMatchObject({ outcome: "failed", exitCode: 7 });
    expect(await machine.output(ends.handle)).toBe("done\n");
    const stays = first.states[1]?.handle ?? null;
    await machine.provider.stop(stays, "polite");
    expect(await machine.ended(stays)).toMatchObject({ outcome: "stopped", signal: "SIGTERM" });
  });

  it("leaves runs whose exit status is there when nobody was", async () => {
    const first = await daemon({ run: "r", workload: shell("sleep 0.2; exit 5") });
    await first.kill();
    await wallClock.sleep(500);
    expect(await machine.provider.find("r")).toMatchObject({ phase: "ended", outcome: "failed", exitCode: 5 });
  });

  it("is no idleness: the first reading after it gives no sample (K5)", async () => {
    const first = await daemon({ run: "r", workload: shell("while :; do :; done") });
    await wallClock.sleep(300);
    await first.kill();
    const state = await machine.provider.find("r");
    expect(await machine.provider.measure(state?.handle ?? null, 0)).toEqual([]);
    await wallClock.sleep(300);
    const [sample] = await machine.provider.measure(state?.handle ?? null, 0);
    expect(sample?.cpuSeconds).toBeGreaterThan(0.05);
    expect(sample?.cpuSeconds).toBeLessThan(((sample?.to ?? 0) - (sample?.from ?? 0)) / 1000 + 0.1);
  });

  it("hides nothing of what was printed meanwhile: the first sample after it has the total", async () => {
    const first = await daemon({ run: "r", workload: shell("echo 12345; sleep 0.6; echo 67890; sleep 1000") });
    await first.kill();
    await wallClock.sleep(800);
    const state = await machine.provider.find("r");
    await machine.provider.measure(state?.handle ?? null, 0);
    await wallClock.sleep(100);
    const [sample] = await machine.provider.measure(state?.handle ?? null, 0);
    expect(sample).toMatchObject({ outputBytes: 0, outputTotalBytes: 12 });
  });

  it("is not missed by the runs' own watch: a run past its duration and grace is ended, the whole tree of it", async () => {
    const guard = { durationSeconds: 1, graceSeconds: 0.3 };
    const stubborn =
      "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > $ROTA_WORKDIR/pid; sleep 1000; sleep 1000' & sleep 1000; sleep 1000";
    const first = await daemon(
      { run: "r", workload: shell(stubborn), guard },
      { run: "calm", workload: shell("sleep 1000") },
    );
    await first.kill();
    while (!(await readdir(join(machine.folder("r"), "work"))).includes("pid")) await wallClock.sleep(20);
    // Nobody asks the provider until all is over: what is seen then was done without a daemon.
    const pid = await readFile(join(machine.folder("r"), "work", "pid"), "utf8");
    const isGone = async (): Promise<boolean> =>
      /^gone$|\) Z /.test(await readFile(`/proc/${pid.trim()}/stat`, "latin1").catch(() => "gone"));
    const deadline = performance.now() + 15_000;
    while (!(await isGone()) && performance.now() < deadline) await wallClock.sleep(50);
    expect(await isGone()).toBe(true);
    await wallClock.sleep(300);
    const state = await machine.provider.find("r");
    const reason = expect.stringContaining("duration");
    expect(await machine.ended(state?.handle ?? null)).toMatchObject({ outcome: "stopped", reason });
    expect(await machine.provider.find("calm")).toMatchObject({ phase: "running" });
  });

  it.each([{ mode: "observe" }, { onBreach: "notify" }, { protect: true }] as const)(
    "has set no watch where the guard would not stop: %j",
    async (how) => {
      const guard = { durationSeconds: 0.1, graceSeconds: 0, ...how };
      const { handle } = await machine.start("r", shell("sleep 0.6"), guard);
      expect(await machine.ended(handle)).toMatchObject({ outcome: "succeeded" });
    },
  );
});

describe("the exit status", () => {
  it("is written over room that was taken at the start", async () => {
    const { handle } = await machine.start("r", shell("sleep 0.2; exit 3"));
    const before = await stat(join(machine.folder("r"), "exit"));
    expect(await machine.ended(handle)).toMatchObject({ exitCode: 3 });
    const after = await stat(join(machine.folder("r"), "exit"));
    expect([after.ino, after.size, after.blocks]).toEqual([before.ino, before.size, before.blocks]);
    expect(before.blocks).toBeGreaterThan(0);
  });
});

describe("a key that is sent twice", () => {
  it("by two processes at once, runs once", async () => {
    const line = "echo run >> $ROTA_WORKDIR/../count; sleep 1000";
    const runs = Array.from({ length: 6 }, (_, index) => ({ run: `r${index}`, workload: shell(line) }));
    await Promise.all([
      daemon(...runs),
      daemon(...runs),
      ...runs.map(({ run, workload }) => machine.start(run, workload)),
    ]);
    await wallClock.sleep(200);
    for (const { run } of runs) {
      expect(await readFile(join(machine.folder(run), "count"), "utf8")).toBe("run\n");
    }
    expect(await machine.provider.listRuns(0)).toHaveLength(6);
  });
});

describe("of many keepers with the same folder", () => {
  it("one runs the command", async () => {
    const script = await installShim(machine.stateDir);
    const argv = [
      script,
      machine.stateDir,
      "r",
      "mark",
      "",
      "",
      "",
      "",
      "sh",
      "-c",
      `echo run >> ${machine.stateDir}/count`,
    ];
    const keepers = Array.from({ length: 12 }, () => spawn("/bin/sh", argv, { stdio: "ignore" }));
    const codes = await Promise.all(keepers.map(async (keeper) => (await once(keeper, "exit"))[0]));
    expect(codes).toEqual(Array(12).fill(0));
    expect(await readFile(join(machine.stateDir, "count"), "utf8")).toBe("run\n");
  });
});

describe("a start that was cut off", () => {
  const uptime = async (): Promise<number> => Number.parseFloat(await readFile("/proc/uptime", "utf8"));

  async function prepared(facts: object): Promise<void> {
    const { handle } = await machine.start("other", shell("true"));
    await machine.ended(handle);
    const spec = JSON.parse(await readFile(join(machine.folder("other"), "spec.json"), "utf8"));
    await mkdir(join(machine.folder("r"), "work"), { recursive: true });
    await writeFile(join(machine.folder("r"), "spec.json"), JSON.stringify({ ...spec, run: "r", ...facts }));
  }

  it("may still come while its keeper may be on the way", async () => {
    await prepared({ uptimeSeconds: await uptime() });
    expect(await machine.provider.find("r")).toMatchObject({ phase: "starting" });
  });

  it("is stopped before it begins: a keeper that comes late finds nothing to do", async () => {
    await prepared({ uptimeSeconds: await uptime() });
    await machine.provider.stop({ run: "r" }, "polite");
    expect(await machine.provider.find("r")).toMatchObject({ phase: "ended", outcome: "stopped" });
    expect(await machine.start("r", shell("echo never > $ROTA_WORKDIR/ran"))).toMatchObject({ outcome: "stopped" });
    expect(await readdir(join(machine.folder("r"), "work"))).toEqual([]);
  });

  it("surely was not when no keeper came, and may be sent again", async () => {
    await prepared({ uptimeSeconds: (await uptime()) - 60 });
    expect(await machine.provider.find("r")).toBeUndefined();
    const { handle } = await machine.start("r", shell("true"));
    expect(await machine.ended(handle)).toMatchObject({ outcome: "succeeded" });
  });

  it("surely was not when the machine was restarted before the claim", async () => {
    await prepared({ bootId: "before", uptimeSeconds: (await uptime()) - 1 });
    expect(await machine.provider.find("r")).toBeUndefined();
  });

  it("is lost when the keeper was killed between claim and command", async () => {
    await prepared({ uptimeSeconds: (await uptime()) - 60 });
    await writeFile(join(machine.folder("r"), "claim"), "1\n");
    expect(await machine.provider.find("r")).toMatchObject({ phase: "ended", outcome: "lost" });
  });
});

describe("a run whose keeper was killed", () => {
  it("runs as long as something of it does, can be stopped, and then says stopped", async () => {
    const { handle } = await machine.start("r", shell("sleep 1000"));
    await killKeeper("r");
    expect(await machine.provider.inspect(handle)).toMatchObject({ phase: "running" });
    await machine.provider.stop(handle, "hard");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
  });

  it("is lost when it ended and nobody saw how, and stays so", async () => {
    const { handle } = await machine.start("r", shell("sleep 0.2"));
    await killKeeper("r");
    const lost = await machine.ended(handle);
    expect(lost).toMatchObject({ outcome: "lost", reason: expect.stringContaining("no exit status") });
    const again = await Machine.open({ stateDir: machine.stateDir });
    expect(await again.provider.inspect(handle)).toEqual(lost);
    await again.close();
  });
});

describe("a machine that was restarted", () => {
  it("has lost what ran, and touches nobody who has the pids now (K7)", async () => {
    const { handle } = await machine.start("r", command("sleep", "1000"));
    const innocent = await machine.start("innocent", shell("sleep 1000"));
    for (const name of ["keeper", "child", "spec.json"]) {
      const path = join(machine.folder("r"), name);
      const text = await readFile(path, "utf8");
      const bootId = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
      await writeFile(path, text.replaceAll(bootId.trim(), "00000000-0000-0000-0000-000000000000"));
    }
    const before = (handle as { readonly pid: number }).pid;
    const next = await Machine.open({ stateDir: machine.stateDir });
    expect(await next.provider.find("r")).toMatchObject({
      outcome: "lost",
      reason: "the machine was restarted while it ran",
    });
    await next.provider.stop(handle, "hard");
    expect(process.kill(before, 0)).toBe(true);
    expect(await next.provider.inspect(innocent.handle)).toMatchObject({ phase: "running" });
    await next.close();
    process.kill(before, "SIGKILL");
    await rm(join(machine.folder("r"), "verdict.json"));
  });
});

describe("what is kept of ended runs", () => {
  it("is removed by age and by number, never before the end was read, never of a run in flight", async () => {
    await machine.close();
    machine = await Machine.open({ options: { keepRuns: 2 } });
    for (const run of ["a", "b", "c", "d"]) await machine.ended((await machine.start(run, shell("true"))).handle);
    await machine.start("flying", shell("sleep 1000"));
    await machine.start("unread", shell("sleep 0.1"));
    await wallClock.sleep(300);
    const prune = (before: number) => machine.provider.prune?.(before);
    expect(await prune(0)).toBe(2);
    expect((await machine.provider.listRuns(0)).map((state) => state.run)).toEqual(["c", "d", "flying", "unread"]);
    const ended = (await machine.provider.find("d"))?.endedAt ?? 0;
    expect(await prune(ended)).toBe(1);
    expect((await machine.provider.listRuns(0)).map((state) => state.run)).toEqual(["d", "flying", "unread"]);
  });
});
