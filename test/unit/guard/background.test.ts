import { describe, expect, test } from "vitest";
import { judge, vcpuOf } from "../../../src/guard/index.ts";
import type { Sample } from "../../../src/model/index.ts";
import { factsOf, LIMITS, MONOTONIC, NOW } from "./facts.ts";

const PERIOD = 300;
const COUNT = 12;
const IDLE = 1800;
const metrics = {
  cpu: true,
  io: true,
  network: true,
  output: false,
  intervalSeconds: PERIOD,
  delaySeconds: 300,
  background: { cpu: 0.25, diskBytes: 8192, networkBytes: 2048 },
};
/** A machine at rest: housekeeping, its clock, its log. */
const REST = { cpuSeconds: 3, readBytes: 0, writtenBytes: 500_000, networkBytes: 60_000 };

/** An hour of five minutes each; `odd` is what the sample in the middle of the window shows instead. */
function samples(odd: Partial<Sample> = {}, rest: Partial<Sample> = REST): readonly Sample[] {
  return Array.from({ length: COUNT }, (_, index): Sample => {
    const to = NOW - (COUNT - 1 - index) * PERIOD * 1000;
    return { from: to - PERIOD * 1000, to, ...rest, ...(index === COUNT - 3 ? odd : {}) };
  });
}

function verdict(odd: Partial<Sample> = {}, over: { cpu?: number; rest?: Partial<Sample> } = {}): string {
  const { cpu = 2, rest = REST } = over;
  const limits = { ...LIMITS, idleSeconds: IDLE };
  return judge(
    factsOf({ limits, cpu, metrics, samples: samples(odd, rest), watchedSinceMonotonic: MONOTONIC - 7_200_000 }),
  ).kind;
}

describe("a whole machine", () => {
  test("at rest is idle, and the evidence says what rest is", () => {
    const limits = { ...LIMITS, idleSeconds: IDLE };
    const answer = judge(factsOf({ limits, cpu: 2, metrics, samples: samples() }));
    if (answer.kind !== "stop") throw new Error(answer.kind);
    expect(answer.breaches[0].observed).toContain("no more network than at rest");
    expect(answer.breaches[0].evidence).toMatchObject({
      networkBytes: 60_000 * 6,
      atRestNetworkBytesPerSecond: 2048,
      atRestDiskBytesPerSecond: 8192,
    });
  });

  test.each([
    // 2% of two vCPU are 12 seconds of five minutes.
    ["computes a little", { cpuSeconds: 12.1 }, "keep"],
    ["computes less", { cpuSeconds: 11.9 }, "stop"],
    ["reads", { readBytes: 8192 * PERIOD }, "keep"],
    ["writes at rest's rate", { writtenBytes: 8192 * PERIOD }, "stop"],
    ["sends", { networkBytes: 2048 * PERIOD + 1 }, "keep"],
    ["says nothing of its network", { networkBytes: undefined }, "unknown"],
    ["says nothing of its disks", { writtenBytes: undefined }, "unknown"],
    ["says nothing of its CPU", { cpuSeconds: undefined }, "unknown"],
  ] as const)("that %s in one of six samples: %s", (_, odd, expected) => {
    expect(verdict(odd as Partial<Sample>)).toBe(expected);
  });

  test("however large it is, half a busy thread is work", () => {
    // 2% of 96 vCPU would be 576 seconds of five minutes: nearly two busy threads.
    expect(verdict({ cpuSeconds: 150 }, { cpu: 96 })).toBe("keep");
    expect(verdict({ cpuSeconds: 60 }, { cpu: 96 })).toBe("stop");
  });

  test("of which it is not known how large it is, any CPU is work", () => {
    expect(verdict({}, { cpu: 0 })).toBe("keep");
    expect(verdict({}, { cpu: 0, rest: { ...REST, cpuSeconds: 0 } })).toBe("stop");
  });

  test("is measured by its share of what its machines have", () => {
    const run = { workload: "vm", cpu: 0 } as const;
    const machine = { id: "i-1", type: "m5.large", vcpu: 2, from: 0 };
    expect(vcpuOf({ ...run, rented: [machine, { ...machine, id: "i-2", vcpu: 8 }] })).toBe(10);
    expect(vcpuOf({ ...run, rented: [machine, { ...machine, id: "i-2", vcpu: 8, until: 9 }] })).toBe(2);
    expect(vcpuOf({ ...run, rented: [{ ...machine, until: 9 }] })).toBe(2);
    expect(vcpuOf({ ...run, rented: [machine, { id: "i-2", type: "x", from: 0 }] })).toBe(0);
    expect(vcpuOf(run)).toBe(0);
    expect(vcpuOf({ workload: "container", cpu: 4 })).toBe(4);
  });
});
