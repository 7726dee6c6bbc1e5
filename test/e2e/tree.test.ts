import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { surveyHost } from "../../providers/local/host.ts";
import { localOptions } from "../../providers/local/options.ts";
import { LocalProvider } from "../../providers/local/provider.ts";
import { parseOptions } from "../../src/provider/index.ts";
import { command, Machine, shell } from "../support/machine.ts";
import { wallClock } from "../support/wall-clock.ts";

/** Every process of the tree writes its pid, so that the test knows whom to look for. */
const NOTE = 'echo x > "$ROTA_WORKDIR/$$"';
const TREE = `
# The decoy has the same command line and starts nothing that could outlive it.
while [ -n "$DECOY" ]; do sleep 1; done
trap '' TERM HUP INT
${NOTE}
setsid sh -c 'trap "" TERM; ${NOTE}; while :; do sleep 1; done' &
( ( sh -c '${NOTE}; exec sleep 1000' & ) & )
( setsid sh -c '${NOTE}; setsid sh -c "trap \\"\\" TERM; ${NOTE.replaceAll('"', '\\"').replaceAll("$", "\\$")}; sleep 1000; sleep 1000" & sleep 1000' & )
env -i sh -c 'echo x > "'"$ROTA_WORKDIR"'/$$"; exec sleep 1000' &
while :; do sleep 1; done
`;
const SIZE = 6;

const machines: Machine[] = [];
const decoys: ChildProcess[] = [];
afterEach(async () => {
  for (const decoy of decoys.splice(0)) decoy.kill("SIGKILL");
  for (const machine of machines.splice(0)) await machine.close();
});

async function open(cgroup: boolean): Promise<Machine> {
  const machine = await Machine.open({ options: { cgroup } });
  machines.push(machine);
  return machine;
}

function isAlive(pid: number): Promise<boolean> {
  return readFile(`/proc/${pid}/stat`, "latin1").then(
    (text) => !/\) [ZX] /.test(text),
    () => false,
  );
}

async function pidsOf(machine: Machine, run: string, count: number): Promise<readonly number[]> {
  const folder = join(machine.folder(run), "work");
  for (let look = 0; look < 200; look += 1) {
    const names = await readdir(folder);
    if (names.length >= count) return names.map(Number);
    await wallClock.sleep(25);
  }
  throw new Error(`not ${count} processes in five seconds: ${await readdir(folder)}`);
}

async function living(pids: readonly number[]): Promise<readonly number[]> {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
}

/** A process with the same command line, that is no part of any run. */
function decoy(argv: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(argv[0] ?? "", argv.slice(1), { stdio: "ignore", env: { PATH: process.env.PATH, ...env } });
  decoys.push(child);
  return child;
}

describe.each([{ cgroup: true }, { cgroup: false }])("a stop, with $cgroup for a cgroup", ({ cgroup }) => {
  it("hard, leaves nothing of a tree of setsid, double-forked and TERM-ignoring processes within 10 s (K8)", async () => {
    const machine = await open(cgroup);
    const script = join(machine.stateDir, "tree.sh");
    await writeFile(script, TREE);
    const { handle } = await machine.start("r", command("sh", script));
    const pids = await pidsOf(machine, "r", SIZE);
    const twin = decoy(["sh", script], { DECOY: "1" });
    const other = decoy(["sleep", "1000"], { ROTA_RUN: "r", ROTA_JOB: "job" });
    await wallClock.sleep(200);
    expect(await living(pids)).toHaveLength(SIZE);
    await machine.provider.stop(handle, "polite");
    await wallClock.sleep(300);
    expect(await machine.provider.inspect(handle)).toMatchObject({ phase: "running" });
    const before = performance.now();
    await machine.provider.stop(handle, "hard");
    expect(await living(pids)).toEqual([]);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped", signal: "SIGKILL" });
    for (const bystander of [twin, other]) expect(await isAlive(bystander.pid ?? 0)).toBe(true);
  });

  it("hard, reaches who threw its environment away and then lost its parent", async () => {
    const machine = await open(cgroup);
    // Both write their pids: one stays in the session of the command, the other is seen once before it leaves.
    const bare = 'echo x > "$1/$$"; exec sleep 1000';
    const orphans = `
${NOTE}
env -i sh -c '(sh -c "$2" x "$1" &)' x "$ROTA_WORKDIR" '${bare}'
env -i sh -c 'setsid sh -c "$2" x "$1" & while [ ! -e "$1.go" ]; do sleep 0.05; done' x "$ROTA_WORKDIR" '${bare}' &
sleep 1000`;
    const { handle } = await machine.start("r", shell(orphans));
    const pids = await pidsOf(machine, "r", 3);
    await wallClock.sleep(200);
    await machine.provider.measure(handle, 0);
    await writeFile(join(machine.folder("r"), "work.go"), "");
    await wallClock.sleep(300);
    expect(await living(pids)).toHaveLength(3);
    await machine.provider.stop(handle, "hard");
    expect(await living(pids)).toEqual([]);
  });

  it("polite, ends the whole tree when nobody ignores it", async () => {
    const machine = await open(cgroup);
    const { handle } = await machine.start("r", shell(`${NOTE}; setsid sh -c '${NOTE}; exec sleep 1000' & sleep 1000`));
    const pids = await pidsOf(machine, "r", 2);
    await machine.provider.stop(handle, "polite");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped", signal: "SIGTERM" });
    expect(await living(pids)).toEqual([]);
  });

  it("polite, reaches a process that was stopped by SIGSTOP", async () => {
    const machine = await open(cgroup);
    const { handle } = await machine.start("r", shell(`${NOTE}; kill -STOP $$; sleep 1000`));
    await pidsOf(machine, "r", 1);
    await wallClock.sleep(100);
    await machine.provider.stop(handle, "polite");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
  });

  it("polite, lets a run clean up and tells its exit code", async () => {
    const machine = await open(cgroup);
    const { handle } = await machine.start(
      "r",
      shell(`trap 'echo clean; exit 9' TERM; ${NOTE}; while :; do sleep 0.05; done`),
    );
    await pidsOf(machine, "r", 1);
    await machine.provider.stop(handle, "polite");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped", exitCode: 9 });
    expect(await machine.output(handle)).toContain("clean\n");
  });

  it("hard, outruns a run that forks all the time", async () => {
    const machine = await open(cgroup);
    const forks = `${NOTE}; i=0; while [ $i -lt 150 ]; do (setsid sleep 60 &) ; setsid sh -c 'sleep 60 & sleep 60' & i=$((i+1)); sleep 0.01; done; sleep 60`;
    const { handle } = await machine.start("r", shell(forks));
    await pidsOf(machine, "r", 1);
    // Bounded, so that a stop that fails does not take the machine with it.
    await wallClock.sleep(400);
    await machine.provider.stop(handle, "hard");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
    expect(await withMark(machine)).toEqual([]);
  });
});

/** Every process on this machine whose environment names the run's folder, found without the code under test. */
async function withMark(machine: Machine): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environ = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (environ.includes(`ROTA_WORKDIR=${machine.folder("r")}`) && (await isAlive(Number(pid)))) found.push(pid);
  }
  return found;
}

describe("a stop where there is no /proc", () => {
  it("reaches the keeper's group, and says stopped", async () => {
    const machine = await open(false);
    const survey = await surveyHost(machine.context, parseOptions(localOptions, machine.context));
    const { setsid: _setsid, ...host } = survey;
    const provider = new LocalProvider({ ...host, hasProc: false });
    expect(provider.capabilities.metrics).toMatchObject({ cpu: false, io: false });
    for (const [run, mode] of [
      ["polite", "polite"],
      ["hard", "hard"],
    ] as const) {
      const { handle } = await provider.start(machine.request(run, shell(`sleep 1000 & ${NOTE}; sleep 1000`)));
      const pids = await pidsOf(machine, run, 1);
      await provider.stop(handle, mode);
      expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
      expect(await living(pids)).toEqual([]);
    }
    await provider.close();
  });
});
