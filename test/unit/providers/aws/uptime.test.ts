import type { Instance } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import type { Execution } from "../../../../providers/aws/runs/executions.ts";
import {
  type Machine,
  machineOf,
  startState,
  stoppedByRota,
  stopState,
  uptimeOf,
} from "../../../../providers/aws/runs/uptime.ts";
import { HOUR, MINUTE, SECOND } from "../../../../src/model/index.ts";

const T = Date.UTC(2026, 10, 24, 6);
const start = (more: Partial<Execution> = {}): Execution => ({
  id: "a",
  job: "wake",
  startedBy: "schedule",
  action: "start",
  which: { ids: ["i-1", "i-2"] },
  requestedAt: T,
  over: { at: T + 3 * MINUTE, outcome: "succeeded" },
  ...more,
});
const machine = (id: string, launchedAt: number, state = "running", more: Partial<Machine> = {}): Machine => ({
  id,
  type: "m5.large",
  state,
  launchedAt,
  detailed: false,
  tags: [],
  ...more,
});
const state = (execution: Execution, machines: readonly Machine[]) =>
  startState(execution, uptimeOf(execution, machines, []));

describe("a start's run", () => {
  test.each([
    ["nothing has come up yet", start({ over: undefined as never }), [machine("i-1", T - HOUR, "stopped")], "starting"],
    ["machines that boot", start(), [machine("i-1", T, "pending")], "starting"],
    ["one of two is up", start(), [machine("i-1", T + SECOND), machine("i-2", T, "stopped")], "running"],
    ["one is on its way down", start(), [machine("i-1", T + SECOND, "stopping")], "running"],
    ["all are down", start(), [machine("i-1", T, "stopped"), machine("i-2", T, "terminated")], "ended succeeded"],
    ["all ran before", start(), [machine("i-1", T - HOUR), machine("i-2", T - MINUTE)], "ended succeeded"],
    ["they are gone", start(), [], "ended succeeded"],
    ["it could not", start({ over: { at: T, outcome: "failed", why: "no room" } }), [], "ended failed"],
    ["a person cancelled it", start({ over: { at: T, outcome: "stopped" } }), [], "ended stopped"],
    [
      "some came up and others could not",
      start({ over: { at: T + MINUTE, outcome: "failed", why: "no room" } }),
      [machine("i-1", T, "stopped"), machine("i-2", T - HOUR, "stopped")],
      "ended succeeded",
    ],
    [
      "one is down and the other may come yet",
      start({ over: undefined as never }),
      [machine("i-1", T, "stopped"), machine("i-2", T - HOUR, "stopped")],
      "running",
    ],
  ])("%s", (_, execution, machines, expected) => {
    const { over, ...rest } = execution;
    const { phase, outcome } = state(over === undefined ? rest : execution, machines);
    expect([phase, outcome].filter((word) => word !== undefined).join(" ")).toBe(expected);
  });

  test("what it could not bring up is said at its end", () => {
    const over = { at: T + MINUTE, outcome: "failed", why: "no room for i-2" } as const;
    expect(state(start({ over }), [machine("i-1", T, "stopped")]).reason).toBe(
      "the machines are stopped; no room for i-2",
    );
  });

  test("ends when the last was asked to stop, as far as that is known of each", () => {
    const first = machine("i-1", T, "stopped", { stoppedAt: T + HOUR });
    const known = state(start(), [first, machine("i-2", T, "stopped", { stoppedAt: T + 2 * HOUR })]);
    expect(known).toMatchObject({ endedAt: T + 2 * HOUR, elapsedSeconds: 7200 });
    const unknown = state(start(), [first, machine("i-2", T, "stopped")]);
    expect(unknown.phase).toBe("ended");
    expect(unknown).not.toHaveProperty("endedAt");
  });

  test("of machines that are gone it is not known when they went", () => {
    const gone = state(start(), []);
    expect(gone.reason).toContain("they are gone");
    expect(gone).not.toHaveProperty("endedAt");
    expect(state(start(), [machine("i-1", T - HOUR)])).toMatchObject({ endedAt: T + 3 * MINUTE });
  });

  test("by rota's stop it was stopped", () => {
    const ended = state(start(), [machine("i-1", T, "stopped")]);
    expect(stoppedByRota(ended)).toEqual({ ...ended, outcome: "stopped", reason: "rota stopped the machines" });
  });

  test("a launch after the execution is another's, and bounds this one's end", () => {
    const again = state(start(), [machine("i-1", T + HOUR)]);
    expect(again).toMatchObject({ phase: "ended", outcome: "succeeded", startedAt: T, endedAt: T + HOUR });
    expect(again).not.toHaveProperty("rented");
    expect(again.reason).toContain("started again");
  });

  test("of two that may have brought a machine up, the first has it", () => {
    const second = start({ id: "b", requestedAt: T + SECOND });
    const machines = [machine("i-1", T + 2 * SECOND)];
    expect(uptimeOf(start(), machines, [start(), second]).own).toHaveLength(1);
    expect(uptimeOf(second, machines, [start(), second]).own).toHaveLength(0);
    // Not when the first was about other machines, or was over before.
    expect(uptimeOf(second, machines, [start({ which: { ids: ["i-9"] } }), second]).own).toHaveLength(1);
    const before = start({ requestedAt: T - HOUR, over: { at: T - HOUR + MINUTE, outcome: "succeeded" } });
    expect(uptimeOf(second, machines, [before, second]).own).toHaveLength(1);
    const byTag = start({ which: { tag: { key: "role", value: "train" } } });
    const tags = [{ Key: "role", Value: "train" }];
    expect(uptimeOf(second, [machine("i-1", T + 2 * SECOND, "running", { tags })], [byTag, second]).own).toEqual([]);
    expect(uptimeOf(second, machines, [byTag, second]).own).toHaveLength(1);
  });

  test("behind a tag only what it was carried out on is its own; where that is not told, nothing is", () => {
    const tags = [{ Key: "team", Value: "etl" }];
    const byTag = start({ which: { tag: { key: "team", value: "etl" } } });
    const machines = [machine("i-1", T, "running", { tags }), machine("i-asg", T + MINUTE, "running", { tags })];
    const ids = (list: readonly Machine[]) => list.map(({ id }) => id);
    const told = uptimeOf({ ...byTag, touched: ["i-1", "i-2"] }, machines, []);
    expect([ids(told.own), ids(told.maybe)]).toEqual([["i-1"], []]);
    const untold = uptimeOf(byTag, machines, []);
    expect([ids(untold.own), ids(untold.maybe)]).toEqual([[], ["i-1", "i-asg"]]);
    const going = startState(byTag, untold);
    expect(going).toMatchObject({ phase: "running", startedAt: T });
    expect(going).not.toHaveProperty("rented");
    const down = machines.map((each) => ({ ...each, state: "stopped", stoppedAt: T + HOUR }));
    expect(state(byTag, down)).toMatchObject({ phase: "ended", startedAt: T, endedAt: T + HOUR });
    expect(state(byTag, down)).not.toHaveProperty("rented");
    // Launched by it or not, what another was carried out on is not this one's.
    const first = { ...byTag, touched: ["i-2"] };
    const second = start({ id: "b", requestedAt: T + SECOND, which: { ids: ["i-asg"] } });
    expect(uptimeOf(second, machines, [first, second]).own).toHaveLength(1);
  });

  test("what was up when nobody looked is not known, and is no time of nothing", () => {
    const gone = state(start(), []);
    expect(gone).toMatchObject({ startedAt: T, returned: [{ id: "i-1" }, { id: "i-2" }] });
    expect(gone).not.toHaveProperty("rented");
    const again = state(start(), [machine("i-1", T + 24 * HOUR), machine("i-2", T, "running")]);
    expect(again).toMatchObject({ phase: "running", rented: [{ id: "i-2" }] });
    expect(again.returned).toEqual([{ id: "i-1", by: T + 24 * HOUR }]);
    const ran = state(start(), [machine("i-1", T - HOUR), machine("i-2", T - HOUR)]);
    expect(ran).toMatchObject({ phase: "ended", rented: [] });
    expect(ran).not.toHaveProperty("startedAt");
  });

  test("rents what it brought up; what EC2 does not name is not guessed", () => {
    const { rented } = state(start(), [machine("i-2", T + SECOND, "running", { vcpu: 2 }), machine("i-1", T)]);
    expect(rented).toEqual([
      { id: "i-1", type: "m5.large", from: T },
      { id: "i-2", type: "m5.large", vcpu: 2, from: T + SECOND },
    ]);
    expect(state(start(), [machine("i-1", T, "running", { type: "" })])).not.toHaveProperty("rented");
  });
});

test("a stop's run is the change, and rents nothing", () => {
  const { over, ...rest } = start({ action: "stop" });
  expect(stopState(rest)).toMatchObject({ phase: "running", startedAt: T, rented: [] });
  expect(stopState({ ...rest, over: { at: T + MINUTE, outcome: "failed", why: "no" } })).toMatchObject({
    phase: "ended",
    outcome: "failed",
    reason: "no",
    elapsedSeconds: 60,
  });
  expect(over).toBeDefined();
});

test.each<[Partial<Instance>, string]>([
  [{}, "m5.large"],
  [{ PlatformDetails: "Linux/UNIX" }, "m5.large"],
  [{ PlatformDetails: "Windows" }, "m5.large.windows"],
  [{ PlatformDetails: "Red Hat Enterprise Linux" }, "m5.large.red-hat-enterprise-linux"],
  [{ PlatformDetails: "Linux/UNIX", InstanceLifecycle: "spot" }, "m5.large.spot"],
  [{ Placement: { Tenancy: "dedicated" } }, "m5.large.dedicated"],
])("billed as %j: %s", (more, type) => {
  expect(machineOf({ InstanceId: "i-1", InstanceType: "m5.large", ...more } as Instance).type).toBe(type);
});

test.each([
  ["User initiated (2026-11-24 07:31:05 GMT)", "stopped", Date.UTC(2026, 10, 24, 7, 31, 5)],
  ["User initiated (2026-11-24 07:31:05 GMT)", "running", undefined],
  ["", "stopped", undefined],
  ["Server.SpotInstanceTermination", "terminated", undefined],
])("a machine with the reason %j that is %s was stopped at %s", (StateTransitionReason, Name, at) => {
  expect(machineOf({ StateTransitionReason, State: { Name } } as Instance).stoppedAt).toBe(at);
});
