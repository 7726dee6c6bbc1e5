import { describe, expect, it } from "vitest";
import { HOUR, type Instant, MINUTE, type RentedMachine, type Sample } from "../../../src/model/index.ts";
import type { Metrics, Provider, RunState } from "../../../src/provider/index.ts";
import { wrapProvider } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const METRICS: Metrics = {
  cpu: true,
  io: true,
  network: true,
  output: false,
  intervalSeconds: 300,
  delaySeconds: 60,
  background: { cpu: 0.25, diskBytes: 8192, networkBytes: 2048 },
};
const REST = { cpuSeconds: 2, readBytes: 0, writtenBytes: 100_000, networkBytes: 20_000 };

interface Machines {
  readonly rented: (state: RunState) => readonly RentedMachine[] | undefined;
  readonly sample?: (to: Instant) => Partial<Sample>;
}

/** A provider whose runs are machines: what EC2 and CloudWatch would say of them. */
function machines({ rented, sample = () => REST }: Machines): (provider: Provider) => Provider {
  const told = (state: RunState): RunState => {
    const known = rented(state);
    return known === undefined ? state : { ...state, rented: known };
  };
  return (provider) => ({
    ...wrapProvider(provider, async ({ method }, proceed) => {
      const answer = await proceed();
      if (method === "inspect" || method === "start") return told(answer as RunState) as typeof answer;
      if (method === "listRuns") return (answer as readonly RunState[]).map(told) as typeof answer;
      if (method !== "measure") return answer;
      const short = answer as readonly Sample[];
      const [first] = short;
      const last = short.at(-1);
      const step = METRICS.intervalSeconds * 1000;
      const whole: Sample[] = [];
      for (let from = Math.ceil((first?.from ?? 0) / step) * step; last && from + step <= last.to; from += step)
        whole.push({ from, to: from + step, ...sample(from + step) });
      return whole as typeof answer;
    }),
    type: "aws",
    metrics: () => METRICS,
  });
}

const wake = (guard = {}) => {
  const base = job("wake", {
    workload: { kind: "vm", instances: ["i-1"], tags: {}, action: "start" },
    schedule: cron("0 7 * * *"),
  });
  return desiredState([{ ...base, guard: { ...base.guard, ...guard } }]);
};
const machine = (from: Instant, more: Partial<RentedMachine> = {}): RentedMachine => ({
  id: "i-1",
  type: "m5.large",
  vcpu: 2,
  from,
  ...more,
});

describe("a run that is machines", () => {
  it("has on record which they are, when that changes, and after a crash as before", async () => {
    let more: readonly RentedMachine[] = [];
    const stand = await Stand.open({
      around: machines({
        rented: ({ startedAt }) => (startedAt === undefined ? undefined : [machine(startedAt), ...more]),
      }),
    });
    stand.world.script = () => ({ durationSeconds: 4 * 3600 });
    await stand.start(wake());
    await stand.clock.advance(HOUR + 10 * MINUTE);
    expect(await stand.events("run.rented")).toHaveLength(1);
    more = [machine(stand.clock.now(), { id: "i-2" })];
    await stand.clock.advance(10 * MINUTE);
    await stand.crash();
    await stand.start();
    // The first is told of no more: it was rented until now at the latest.
    await stand.clock.advance(10 * MINUTE);
    const told = await stand.events("run.rented");
    expect(told.map(({ rented }) => rented.map(({ id }) => id))).toEqual([["i-1"], ["i-1", "i-2"]]);
    const [run] = await stand.ledger.runs({ job: "wake" });
    expect(run?.rented).toEqual(told.at(-1)?.rented);
    await stand.clock.advance(5 * HOUR);
    expect((await stand.events("run.ended")).map(({ status }) => status)).toEqual(["succeeded"]);
    await stand.stop();
  });

  it("is unpriced while the vendor does not say which they are", async () => {
    const stand = await Stand.open({ around: machines({ rented: () => undefined }) });
    stand.world.script = () => ({ durationSeconds: 600 });
    await stand.start(wake());
    await stand.clock.advance(2 * HOUR);
    expect(await stand.events("charge")).toEqual([]);
    expect((await stand.events("charge.unpriced"))[0]?.missing).toContain("which machines");
    await stand.stop();
  });

  it("costs nothing when it rents none", async () => {
    const stand = await Stand.open({ around: machines({ rented: () => [] }) });
    stand.world.script = () => ({ durationSeconds: 600 });
    await stand.start(wake());
    await stand.clock.advance(2 * HOUR);
    expect((await stand.events("charge")).map(({ amount }) => Number(amount.amount))).toEqual([0]);
    await stand.stop();
  });

  it.each([
    ["at rest is stopped", {}, "killed"],
    ["that sends now and then goes on", { networkBytes: 900_000 }, "running"],
    ["whose disks are not known goes on", { writtenBytes: undefined }, "running"],
  ] as const)("%s, by the metrics of its job", async (_what, odd, status) => {
    const rented = ({ startedAt }: RunState) => (startedAt === undefined ? undefined : [machine(startedAt)]);
    const sample = (to: Instant): Partial<Sample> =>
      (to % (15 * MINUTE) === 0 ? { ...REST, ...odd } : REST) as Partial<Sample>;
    const stand = await Stand.open({ around: machines({ rented, sample }) });
    stand.world.script = () => ({ durationSeconds: 12 * 3600 });
    await stand.start(wake({ idleSeconds: 1800 }));
    await stand.clock.advance(4 * HOUR);
    expect((await stand.ledger.runs({ job: "wake" }))[0]?.status).toBe(status);
    await stand.stop();
  });
});
