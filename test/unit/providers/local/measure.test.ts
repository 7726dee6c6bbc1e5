import { once } from "node:events";
import { createServer } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunHandle, Sample, Workload } from "../../../../src/model/index.ts";
import { command, Machine, shell } from "../../../support/machine.ts";
import { wallClock } from "../../../support/wall-clock.ts";

const INTERVAL_MS = 400;
/** In three intervals; starting a shell's children takes some 15 ms. */
const BUSY_SECONDS = 0.06;

/** Sums of three samples after the start has settled. */
interface Seen {
  readonly cpuSeconds: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly networkBytes: number;
  readonly outputBytes: number;
  readonly progress: boolean;
  readonly repeatingShare: number | undefined;
  readonly samples: readonly Sample[];
}

function sumOf(
  samples: readonly Sample[],
  key: "cpuSeconds" | "readBytes" | "writtenBytes" | "networkBytes" | "outputBytes",
): number {
  return samples.reduce((sum, sample) => sum + (sample[key] ?? Number.NaN), 0);
}

/** Which signals there are. */
type Signals = Readonly<Record<"cpu" | "disk" | "network" | "output" | "progress", boolean>>;

function signalsOf(found: Seen): Signals {
  return {
    cpu: found.cpuSeconds > BUSY_SECONDS,
    disk: found.readBytes > 0 || found.writtenBytes > 0,
    network: found.networkBytes > 0,
    output: found.outputBytes > 0,
    progress: found.progress,
  };
}

/** How often three samples are taken anew: on a busy machine an interpreter takes seconds to start, and reads files. */
const MOST_LOOKS = 10;

/** Three samples of the run as it goes on, once its start is over and it shows what is expected, if it ever does. */
async function watch(machine: Machine, handle: RunHandle, expected: Signals): Promise<Seen> {
  await wallClock.sleep(900);
  await machine.provider.measure(handle, 0);
  let seen = await look(machine, handle);
  for (let looks = 1; looks < MOST_LOOKS && !isDeepStrictEqual(signalsOf(seen), expected); looks += 1)
    seen = await look(machine, handle);
  return seen;
}

async function look(machine: Machine, handle: RunHandle): Promise<Seen> {
  const samples: Sample[] = [];
  for (let count = 0; count < 3; count += 1) {
    await wallClock.sleep(INTERVAL_MS);
    samples.push(...(await machine.provider.measure(handle, 0)));
  }
  return {
    cpuSeconds: sumOf(samples, "cpuSeconds"),
    readBytes: sumOf(samples, "readBytes"),
    writtenBytes: sumOf(samples, "writtenBytes"),
    networkBytes: sumOf(samples, "networkBytes"),
    outputBytes: sumOf(samples, "outputBytes"),
    progress: samples.some((sample) => sample.progress),
    repeatingShare: samples.at(-1)?.repeatingShare,
    samples,
  };
}

const server = createServer((socket) => {
  const timer = setInterval(() => socket.write("x".repeat(100)), 50);
  socket.on("error", () => {});
  socket.on("close", () => clearInterval(timer));
});
let port = 0;

function receive(): Workload {
  // recv(2) is in no counter of /proc: only the kernel's own count for the connection shows it.
  const code = `import socket\ns = socket.create_connection(("127.0.0.1", ${port}))\nwhile s.recv(4096): pass`;
  return command("python3", "-c", code);
}

const QUIET: Signals = { cpu: false, disk: false, network: false, output: false, progress: false };
const TABLE: readonly [string, () => Workload, Partial<Signals>][] = [
  ["busy CPU", () => shell("while :; do :; done"), { cpu: true }],
  ["disk only, writing", () => shell("while :; do echo x; sleep 0.1; done > $ROTA_WORKDIR/file"), { disk: true }],
  [
    "disk only, reading what is cached",
    () => command("python3", "-c", "import time\nwhile True:\n open('/etc/passwd').read(); time.sleep(.1)"),
    { disk: true },
  ],
  ["network only, receiving", receive, { network: true }],
  [
    "sleeping with progress reported",
    () => shell("while :; do printf . >> $ROTA_PROGRESS; sleep 0.1; done"),
    { progress: true, disk: true },
  ],
  ["a parent that waits for a busy child", () => shell("sh -c 'while :; do :; done'; true"), { cpu: true }],
  [
    "a busy child in a session of its own",
    () => shell("setsid sh -c 'while :; do :; done' & sleep 1000"),
    { cpu: true },
  ],
  [
    "busy children that come and go",
    () => shell("while :; do dd if=/dev/zero of=/dev/null bs=64k count=2000 2>/dev/null; done"),
    { cpu: true, disk: true },
  ],
  ["truly idle", () => command("sleep", "1000"), {}],
  ["idle in a shell's loop", () => shell("while :; do sleep 0.2; done"), {}],
  ["idle after work", () => shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000"), {}],
  ["stopped by SIGSTOP", () => shell("kill -STOP $$; while :; do :; done"), {}],
  ["a print loop", () => shell("while :; do echo 2026-11-23 06:00:00 still here; sleep 0.05; done"), { output: true }],
  [
    "a print loop through a logger",
    () => command("python3", "-uc", "import time\nwhile True: print('still here'); time.sleep(.02)"),
    { output: true },
  ],
];

describe.each([{ cgroup: true }, { cgroup: false }])(
  "what is seen of a run, with $cgroup for a cgroup",
  ({ cgroup }) => {
    let machine: Machine;
    const seen = new Map<string, Seen>();
    beforeAll(async () => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      port = typeof address === "object" && address !== null ? address.port : 0;
      machine = await Machine.open({ options: { cgroup } });
      // In groups, so that the busy ones leave the others some of the processor.
      for (let first = 0; first < TABLE.length; first += 7) {
        const group = TABLE.slice(first, first + 7);
        await Promise.all(
          group.map(async ([name, workload, expected], index) => {
            const { handle } = await machine.start(`r${first + index}`, workload());
            seen.set(name, await watch(machine, handle, { ...QUIET, ...expected }));
            await machine.provider.stop(handle, "hard");
          }),
        );
      }
    }, 60_000);
    afterAll(async () => {
      await machine.close();
      server.close();
    });

    it.each(TABLE)("%s", (name, _workload, expected) => {
      const found = seen.get(name);
      if (!found) throw new Error("not measured");
      expect(signalsOf(found), JSON.stringify(found.samples)).toEqual({ ...QUIET, ...expected });
      if (expected.output) expect(found.repeatingShare).toBe(1);
    });

    it("in samples that follow one another, by a clock that only goes forward", () => {
      for (const { samples } of seen.values()) {
        expect(samples).toHaveLength(3);
        samples.forEach((sample, index) => {
          expect(sample.to - sample.from).toBeGreaterThanOrEqual(INTERVAL_MS - 5);
          const before = samples[index - 1];
          if (!before) return;
          // Not by the wall clock, which is read a moment apart from the other and may be set.
          const passed = (sample.monotonicTo ?? 0) - (before.monotonicTo ?? 0);
          expect(passed).toBeGreaterThan(0);
          expect(sample.to - sample.from).toBe(Math.round(passed));
        });
      }
    });
  },
);

describe("what is not known is absent", () => {
  it("the network of a run that holds a UDP socket", async () => {
    const machine = await Machine.open();
    const code =
      "import socket,time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.connect(('127.0.0.1', 9))\nprint('open', flush=True)\ntime.sleep(1000)";
    const { handle } = await machine.start("r", command("python3", "-c", code));
    while ((await machine.output(handle)) === "") await wallClock.sleep(50);
    await machine.provider.measure(handle, 0);
    await wallClock.sleep(100);
    const [sample] = await machine.provider.measure(handle, 0);
    expect(sample?.cpuSeconds).toBeDefined();
    expect(sample).not.toHaveProperty("networkBytes");
    await machine.close();
  });

  it("the network where there is no ss", async () => {
    const machine = await Machine.open({ env: { PATH: "/nowhere" } });
    expect(machine.provider.capabilities.metrics.network).toBe(false);
    const { handle } = await machine.start("r", command("/bin/sleep", "1000"));
    await wallClock.sleep(100);
    const [sample] = await machine.provider.measure(handle, 0);
    expect(sample?.outputBytes).toBe(0);
    expect(sample).not.toHaveProperty("networkBytes");
    await machine.close();
  });
});

describe("the folder of a run", () => {
  it("is measured, links not followed and a file with two names once", async () => {
    const machine = await Machine.open();
    const line =
      "cd $ROTA_WORKDIR; mkdir -p a/b; dd if=/dev/zero of=a/b/file bs=1024 count=1024 2>/dev/null; ln a/b/file twin; ln -s / root; sleep 1000";
    const { handle } = await machine.start("r", shell(line));
    await wallClock.sleep(400);
    const [sample] = await machine.provider.measure(handle, 0);
    expect(sample?.diskBytes).toBeGreaterThanOrEqual(1024 * 1024);
    expect(sample?.diskBytes).toBeLessThan(1.2 * 1024 * 1024);
    await machine.close();
  });
});
