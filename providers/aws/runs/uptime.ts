import type { Instance } from "@aws-sdk/client-ec2";
import type { Instant, RentedMachine } from "../../../src/model/index.ts";
import type { RunState } from "../../../src/provider/index.ts";
import type { Execution } from "./executions.ts";

/** A machine as EC2 describes it now. */
export interface Machine {
  readonly id: string;
  /** As it is billed: `m5.large`, `m5.large.windows`, `m5.large.spot`. */
  readonly type: string;
  readonly vcpu?: number;
  readonly state: string;
  /** Of its latest start; to the second. A machine that was started again is another run's. */
  readonly launchedAt?: Instant;
  /** When its stop was asked for: what EC2 bills to. */
  readonly stoppedAt?: Instant;
  /** CloudWatch has a figure for each minute, and not for five. */
  readonly detailed: boolean;
  readonly tags: Instance["Tags"];
}

export function machineOf(instance: Instance): Machine {
  const { CoreCount, ThreadsPerCore } = instance.CpuOptions ?? {};
  const state = instance.State?.Name ?? "";
  const stoppedAt = UP.test(state) ? undefined : transitionOf(instance.StateTransitionReason);
  return {
    id: instance.InstanceId ?? "",
    type: billedType(instance),
    ...(CoreCount === undefined || ThreadsPerCore === undefined ? {} : { vcpu: CoreCount * ThreadsPerCore }),
    state,
    ...(instance.LaunchTime === undefined ? {} : { launchedAt: instance.LaunchTime.getTime() }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    detailed: instance.Monitoring?.State === "enabled",
    tags: instance.Tags,
  };
}

export const UP: RegExp = /^(?:pending|running)$/;
const DOWN = /^(?:stopped|terminated)$/;
/** Machine and execution are dated by one vendor, the launch to the second. */
const SPREAD_MS = 2_000;

/** A type's list price is that of Linux, on demand, on shared hardware: whatever else is rented has a name, and a price, of its own. */
function billedType({ InstanceType, PlatformDetails, InstanceLifecycle, Placement }: Instance): string {
  if (InstanceType === undefined) return "";
  const { Tenancy = "default" } = Placement ?? {};
  const others = [
    PlatformDetails === undefined || PlatformDetails === "Linux/UNIX" ? "" : PlatformDetails,
    InstanceLifecycle ?? "",
    Tenancy === "default" ? "" : Tenancy,
  ];
  const words = others.map((word) => word.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")).filter((word) => word !== "");
  return [InstanceType, ...words].join(".");
}

/** "User initiated (2026-11-24 07:31:05 GMT)" */
function transitionOf(reason: string | undefined): Instant | undefined {
  const [, date, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:GMT|UTC)\)/.exec(reason ?? "") ?? [];
  const at = Date.parse(`${date}T${time}Z`);
  return Number.isFinite(at) ? at : undefined;
}

/** What a start has come to. */
export interface Uptime {
  /** The machines that it brought up and that nobody has started again since. */
  readonly own: readonly Machine[];
  /** Machines that were launched in its time, where AWS does not tell which it was carried out on: perhaps another's. */
  readonly maybe: readonly Machine[];
  /** Machines that it may bring up yet. */
  readonly isWaiting: boolean;
  /** EC2 tells of none of the machines that it is about: they are gone, or without the tag. */
  readonly isGone: boolean;
  /** Earliest launch after it of a machine that may have been its own. */
  readonly againAt?: Instant;
  /** Machines that it may have brought up, and that others have started since or EC2 tells no more of. */
  readonly returned: NonNullable<RunState["returned"]>;
}

/** `others`: executions that may have brought up the same machines; the first to ask has a launch to itself. */
export function uptimeOf(execution: Execution, described: readonly Machine[], others: readonly Execution[]): Uptime {
  const { over } = execution;
  const touched = touchedBy(execution);
  // A tag says which machines carry it now, and any of those may have been launched by whatever else launches them.
  const machines = touched ? described.filter(({ id }) => touched.includes(id)) : described;
  const earlier = others.filter((each) => each.action === "start" && precedes(each, execution));
  const launched = machines.filter((machine) => isWithin(machine.launchedAt, execution));
  const first = launched.filter((machine) => !earlier.some((each) => covers(each, machine)));
  const again = machines.flatMap(({ id, launchedAt: by }) =>
    over && by !== undefined && by > over.at + SPREAD_MS ? [{ id, by }] : [],
  );
  const gone = over && touched ? touched.filter((id) => !machines.some((each) => each.id === id)) : [];
  const isWaiting = !over && machines.some((each) => !launched.includes(each) && !UP.test(each.state));
  return {
    own: touched ? first : [],
    maybe: touched ? [] : first,
    isWaiting,
    isGone: machines.length === 0,
    ...(again.length === 0 ? {} : { againAt: Math.min(...again.map(({ by }) => by)) }),
    returned: [...again, ...gone.map((id) => ({ id }))],
  };
}

function precedes(one: Execution, other: Execution): boolean {
  if (one.id === other.id) return false;
  return one.requestedAt < other.requestedAt || (one.requestedAt === other.requestedAt && one.id < other.id);
}

function isWithin(launchedAt: Instant | undefined, { requestedAt, over }: Execution): boolean {
  if (launchedAt === undefined || launchedAt < requestedAt - SPREAD_MS) return false;
  return over === undefined || launchedAt <= over.at + SPREAD_MS;
}

function covers(execution: Execution, { id, launchedAt, tags }: Machine): boolean {
  return isWithin(launchedAt, execution) && isNamed(execution, { id, tags });
}

/** Which machines it was carried out on, as far as that is known. */
function touchedBy({ which, touched }: Execution): readonly string[] | undefined {
  return "ids" in which ? which.ids : touched;
}

/** It is one of those that it was carried out on; where that is not known, one of the ids, or with the tag now. */
function isNamed(execution: Execution, { id, tags = [] }: Pick<Machine, "id" | "tags">): boolean {
  const touched = touchedBy(execution);
  const { which } = execution;
  if (touched || !("tag" in which)) return touched?.includes(id) ?? false;
  return tags.some(({ Key, Value }) => Key === which.tag.key && Value === which.tag.value);
}

export function isUp({ state }: Pick<Machine, "state">): boolean {
  return UP.test(state);
}

/** A start's run: from its first machine's launch until all that it brought up are down. */
export function startState(execution: Execution, uptime: Uptime): RunState {
  const { own, isWaiting, returned } = uptime;
  const { over } = execution;
  const shown = shownOf(execution, uptime);
  const launchedAt = own.length === 0 ? undefined : Math.min(...own.map(({ launchedAt: at = 0 }) => at));
  const isKnown = isWhole(execution, uptime);
  // A time that nobody saw is not known, and is no time of nothing.
  const startedAt = launchedAt ?? (over && !isKnown ? execution.requestedAt : undefined);
  const base = {
    ...identityOf(execution),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(own.length > 0 || (over && isKnown) ? rentedOf(own) : {}),
    ...(returned.length === 0 ? {} : { returned }),
  };
  if (shown.length === 0 && !over) return { ...base, phase: "starting" };
  const isDown = shown.every(({ state }) => DOWN.test(state));
  if (shown.length > 0 && (!isDown || isWaiting)) {
    return { ...base, phase: shown.every(({ state }) => state === "pending") ? "starting" : "running" };
  }
  const endedAt = endOf(execution, uptime);
  return {
    ...base,
    phase: "ended",
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(endedAt === undefined || launchedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, endedAt - launchedAt) / 1000 }),
    ...outcomeOf(execution, uptime),
  };
}

/** The machines that its time is told by. */
function shownOf({ over }: Execution, { own, maybe }: Uptime): readonly Machine[] {
  return own.length === 0 && over ? maybe : own;
}

/** `own` is all that it ever brought up. */
function isWhole(execution: Execution, { maybe, returned }: Uptime): boolean {
  if (maybe.length > 0 || returned.length > 0) return false;
  return touchedBy(execution) !== undefined || execution.over?.outcome !== "succeeded";
}

/** The end of a run for which rota sent the stop. */
export function stoppedByRota(ended: RunState): RunState {
  return { ...ended, outcome: "stopped", reason: "rota stopped the machines" };
}

/** Undefined where nobody can say: then it ends when it is seen. */
function endOf(execution: Execution, uptime: Uptime): Instant | undefined {
  const { isGone, againAt } = uptime;
  const { over } = execution;
  const stops = shownOf(execution, uptime).map(({ stoppedAt }) => stoppedAt);
  if (stops.length > 0) return stops.includes(undefined) ? undefined : Math.max(...stops.map((at = 0) => at));
  return againAt ?? (isGone ? undefined : over?.at);
}

function outcomeOf(
  execution: Execution,
  uptime: Uptime,
): { readonly outcome: NonNullable<RunState["outcome"]>; readonly reason: string } {
  const { isGone, againAt } = uptime;
  const { outcome = "failed", why } = execution.over ?? {};
  if (shownOf(execution, uptime).length > 0) {
    return { outcome: "succeeded", reason: `the machines are stopped${why === undefined ? "" : `; ${why}`}` };
  }
  if (againAt !== undefined) return { outcome: "succeeded", reason: "the machines were started again since" };
  if (outcome !== "succeeded") return { outcome, reason: why ?? "no machine was started" };
  const reason = isGone
    ? "EC2 no longer tells of the machines: they are gone, or lost the tag"
    : "no machine had to be started: they ran already";
  return { outcome, reason };
}

/** A stop's run is the change, and rents nothing. */
export function stopState(execution: Execution): RunState {
  const { over, requestedAt } = execution;
  const base = { ...identityOf(execution), startedAt: requestedAt, rented: [] };
  if (!over) return { ...base, phase: "running" };
  const { at, outcome, why } = over;
  const elapsedSeconds = Math.max(0, at - requestedAt) / 1000;
  return {
    ...base,
    phase: "ended",
    outcome,
    endedAt: at,
    elapsedSeconds,
    ...(why === undefined ? {} : { reason: why }),
  };
}

function identityOf({ id, job, run, fireAt, startedBy, requestedAt }: Execution) {
  return {
    handle: { automation: id },
    ...(run === undefined ? {} : { run }),
    job,
    startedBy,
    ...(fireAt === undefined ? {} : { fireAt }),
    requestedAt,
  };
}

function rentedOf(own: readonly Machine[]): { readonly rented?: readonly RentedMachine[] } {
  if (own.some(({ type }) => type === "")) return {};
  const rented = own.map(({ id, type, vcpu, launchedAt: from = 0, stoppedAt: until }) => ({
    id,
    type,
    ...(vcpu === undefined ? {} : { vcpu }),
    from,
    ...(until === undefined ? {} : { until }),
  }));
  return { rented: rented.sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1)) };
}
