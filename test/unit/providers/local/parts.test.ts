import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeploymentStore } from "../../../../providers/local/deployments.ts";
import { fileName } from "../../../../providers/local/folder.ts";
import { withFileLock } from "../../../../providers/local/lock.ts";
import { isAlive, isSameProcess, readBootId, readStat } from "../../../../providers/local/proc.ts";
import { parseSockets } from "../../../../providers/local/sockets.ts";
import { NOW } from "../../../support/jobs.ts";
import { Machine, shell } from "../../../support/machine.ts";
import { wallClock } from "../../../support/wall-clock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(process.env.TMPDIR ?? "/tmp", "rota-parts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a lock of files", () => {
  it("lets one in at a time", async () => {
    const path = join(folder, "lock");
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withFileLock(path, wallClock, async () => {
          inside += 1;
          most = Math.max(most, inside);
          await wallClock.sleep(2);
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is taken over from a process that was killed, and from one of before the restart", async () => {
    const path = join(folder, "lock");
    for (const holder of [`${process.pid} 1 ${readBootId()}`, "4194304 17 00000000-0000-0000-0000-000000000000"]) {
      await writeFile(path, holder);
      expect(await withFileLock(path, wallClock, async () => "in")).toBe("in");
    }
  });

  it("is not taken from a process that lives: that is unavailable after a while", async () => {
    const path = join(folder, "lock");
    await writeFile(path, `${process.pid} ${readStat(process.pid)?.startTicks} ${readBootId()}`);
    const clock = {
      passed: 0,
      now: () => clock.passed,
      monotonic: () => clock.passed,
      sleep: async (ms: number) => {
        clock.passed += ms;
      },
    };
    await expect(withFileLock(path, clock, async () => "in")).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("deployments", () => {
  it("of jobs whose names are no file names are kept apart", async () => {
    const store = new DeploymentStore(folder, { namespace: "../x", environment: "." }, wallClock);
    const ids = ["a/b", "a_b", "../a", ".", "A".repeat(300), `${"A".repeat(299)}B`, "ü", "a b"];
    for (const id of ids)
      await store.apply({ action: "create", desired: { kind: "schedule", id, job: id, fields: {} }, why: "test" });
    expect((await store.list()).map((each) => each.id).sort()).toEqual([...ids].sort());
    expect(await readdir(folder)).toEqual(["deployments"]);
    expect(new Set(ids.map(fileName)).size).toBe(ids.length);
  });
});

describe("opening and rendering", () => {
  it("leaves nothing on disk", async () => {
    const machine = await Machine.open({ stateDir: join(folder, "state") });
    expect(machine.provider.render({ job: machine.request("r", shell("true")).job }, NOW).resources).toHaveLength(1);
    expect(await machine.provider.listDeployments()).toEqual([]);
    expect(await machine.provider.listRuns(0)).toEqual([]);
    await machine.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([{ outputTailBytes: 1 }, { cgroup: "relative" }, { keepRuns: -1 }, { colour: "red" }])(
    "refuses %j with its place",
    async (options) => {
      const message = expect.stringContaining("providers.local");
      await expect(Machine.open({ options, stateDir: folder })).rejects.toMatchObject({ code: "invalid", message });
    },
  );
});

describe("identity", () => {
  it("is read again right before a signal: a pid that somebody else has by now is not the process found (K7)", () => {
    const found = readStat(process.pid);
    if (!found) throw new Error("this process has no stat");
    expect(isSameProcess(found)).toBe(true);
    expect(isSameProcess({ ...found, startTicks: found.startTicks - 1 })).toBe(false);
  });

  it("is pid, start time and boot together", () => {
    const bootId = readBootId();
    const self = { pid: process.pid, startTicks: readStat(process.pid)?.startTicks ?? 0, bootId };
    expect(isAlive(self, bootId)).toBe(true);
    expect(isAlive({ ...self, startTicks: self.startTicks - 1 }, bootId)).toBe(false);
    expect(isAlive({ ...self, bootId: "another" }, bootId)).toBe(false);
    expect(isAlive({ ...self, pid: 4_194_303 }, bootId)).toBe(false);
  });
});

describe("what ss says", () => {
  it("is read as bytes by socket, both ways, and sockets without a count are named", () => {
    const text = [
      "udp ESTAB 0 0 127.0.0.1:57090 127.0.0.1:9 ino:20610 sk:1 cgroup:/ <->",
      "tcp ESTAB 0 0 127.0.0.1:54831 127.0.0.1:39590 uid:1000 ino:20607 sk:2 <-> ts sack bytes_sent:5 bytes_acked:6 bytes_received:200000 segs_out:200",
      "tcp LISTEN 0 128 127.0.0.1:1 0.0.0.0:* ino:20608 sk:3 cgroup:/ <-> cubic",
      "tcp TIME-WAIT 0 0 127.0.0.1:1 127.0.0.1:2 ino:0 sk:4",
      "",
    ].join("\n");
    const { tcp, uncounted } = parseSockets(text, 0);
    expect([...tcp]).toEqual([
      ["20607", 200_006],
      ["20608", 0],
    ]);
    expect([...uncounted]).toEqual(["20610"]);
  });
});
