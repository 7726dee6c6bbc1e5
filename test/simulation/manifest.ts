import type {
  Budget,
  DesiredJob,
  DesiredState,
  GuardLimits,
  Job,
  Safety,
  Schedule,
  ScheduleRules,
  Slot,
} from "../../src/model/index.ts";
import { money } from "../../src/model/index.ts";
import { desiredState, job, RULES } from "../support/jobs.ts";
import type { SeededRandom } from "../support/random.ts";
import { BEHAVIOURS, type Behaviour } from "./behaviour.ts";

/** The placement whose jobs the daemon starts, and the one that fires by itself. */
export const HERE = "here";
export const CLOUD = "cloud";

/** Nights before a change of the clocks in the zones used, a New Year and a leap day. */
export const STARTS: readonly string[] = [
  "2026-11-23T06:00Z",
  "2026-10-31T18:00Z",
  "2027-03-13T18:00Z",
  "2026-10-24T14:00Z",
  "2027-03-27T14:00Z",
  "2026-10-03T08:00Z",
  "2027-04-03T08:00Z",
  "2026-12-31T12:00Z",
  "2028-02-28T20:00Z",
];
const ZONES = ["UTC", "America/Toronto", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"];
const CRONS = [
  "*/15 * * * *",
  "*/30 * * * *",
  "0 * * * *",
  "7,37 * * * *",
  "30 1,2,3 * * *",
  "0 2 * * *",
  "15 0-5 * * *",
  "45 */2 * * *",
];
/** What is added by an edit: short runs, and those that the guard is there for. */
const ADDED: readonly Behaviour[] = ["quick", "failing", "flaky", "slowStart", "idle", "stubborn"];

/** What stands in the file at one time, and how the runs of each job behave. */
export interface Declared {
  readonly state: DesiredState;
  readonly behaviours: ReadonlyMap<string, Behaviour>;
}

export function declare(random: SeededRandom, native: boolean, startAt: number): Declared {
  const jobs: DesiredJob[] = [];
  const behaviours = new Map<string, Behaviour>();
  const deck = BEHAVIOURS.map((behaviour) => ({ behaviour, order: random.next() })).sort((a, b) => a.order - b.order);
  for (const [index, { behaviour }] of deck.slice(0, 4 + random.below(4)).entries()) {
    const cloud = native && random.chance(0.5);
    const earlier = cloud ? [] : jobs.filter((d) => d.job.placement === HERE).map((d) => d.job.name);
    const plain = randomJob(random, {
      name: `j${index}-${behaviour}`,
      placement: cloud ? CLOUD : HERE,
      earlier,
      startAt,
    });
    const made = { ...plain, job: { ...plain.job, guard: guardFor(behaviour, plain.job.guard, random) } };
    behaviours.set(made.job.name, behaviour);
    jobs.push(made);
  }
  return { state: withFrame(jobs, safetyOf(random), budgetsOf(random, jobs)), behaviours };
}

function withFrame(jobs: readonly DesiredJob[], safety: Safety, budgets: readonly Budget[]): DesiredState {
  return desiredState(jobs, { safety, budgets });
}

/** Another version of the file: a job edited, renamed, taken out or added. */
export function edit(random: SeededRandom, before: Declared, native: boolean, startAt: number): Declared {
  const { manifest } = before.state;
  const jobs = [...before.state.jobs];
  const behaviours = new Map(before.behaviours);
  const index = random.below(jobs.length);
  const chosen = jobs[index];
  const what = random.pick(["schedule", "guard", "guard", "guard", "retry", "rename", "remove", "add"] as const);
  if (!chosen) return before;
  const { name, placement } = chosen.job;
  const fresh = (as: string): DesiredJob => randomJob(random, { name: as, placement, earlier: [], startAt });
  if (what === "schedule") {
    const { job: other, ...rest } = fresh(name);
    jobs[index] = { ...rest, job: { ...chosen.job, schedule: other.schedule } };
  } else if (what === "guard") jobs[index] = { ...chosen, job: { ...chosen.job, guard: guardOf(random) } };
  else if (what === "retry") jobs[index] = { ...chosen, job: { ...chosen.job, retry: retryOf(random) } };
  else if (what === "rename") {
    const renamed = `r${random.below(1e6)}-${name}`.slice(0, 40);
    jobs[index] = { ...chosen, job: { ...chosen.job, name: renamed } };
    behaviours.set(renamed, behaviours.get(name) ?? "quick");
  } else if (what === "remove" && jobs.length > 2) jobs.splice(index, 1);
  else {
    const behaviour = random.pick(ADDED);
    const added = `n${random.below(1e6)}-${behaviour}`;
    behaviours.set(added, behaviour);
    const where = native && random.chance(0.5) ? CLOUD : HERE;
    jobs.push(randomJob(random, { name: added, placement: where, earlier: [], startAt }));
  }
  // What it comes after may be gone; the manifest's own check would refuse that.
  const names = new Set(jobs.map((d) => d.job.name));
  const whole = jobs.map((d): DesiredJob => {
    const after = d.job.schedule.after.filter((n) => names.has(n));
    return { ...d, job: { ...d.job, schedule: { ...d.job.schedule, after } } };
  });
  return { state: withFrame(whole, manifest.safety, manifest.budgets), behaviours };
}

function randomJob(
  random: SeededRandom,
  at: {
    readonly name: string;
    readonly placement: string;
    readonly earlier: readonly string[];
    readonly startAt: number;
  },
): DesiredJob {
  const { schedule, slot } = scheduleOf(random, at.earlier, at.startAt);
  const change: Partial<Job> = {
    placement: at.placement,
    team: random.pick(["red", "blue"]),
    schedule,
    guard: guardOf(random),
    retry: retryOf(random),
    workload: {
      kind: "process",
      command: ["work"],
      shell: false,
      cpu: random.pick([0.5, 1, 3]),
      memoryBytes: 1 << 30,
      env: {},
      secrets: {},
    },
    expect: random.chance(0.3) ? { durationSeconds: 600 } : {},
  };
  return { job: job(at.name, change), ...(slot ? { slot } : {}) };
}

function scheduleOf(
  random: SeededRandom,
  earlier: readonly string[],
  startAt: number,
): { readonly schedule: Schedule; readonly slot?: Slot } {
  const rules: ScheduleRules = {
    ...RULES,
    timezone: random.pick(ZONES),
    dst: { gap: random.pick(["shift", "skip"]), overlap: random.pick(["first", "second", "both"]) },
    catchUp: { policy: random.pick(["none", "last", "all"]), cap: 1 + random.below(5) },
    overlap: random.pick(["skip", "queue", "allow", "replace"]),
    after: earlier.length > 0 && random.chance(0.25) ? [random.pick(earlier)] : [],
  };
  const form = random.pick(["cron", "cron", "cron", "interval", "flexible", "at", "manual"] as const);
  switch (form) {
    case "cron":
      return { schedule: { kind: "cron", expression: random.pick(CRONS), ...rules } };
    case "interval": {
      const everyMinutes = random.pick([15, 30, 60, 120, 360]);
      const slot: Slot = { kind: "phase", offsetMinutes: random.below(everyMinutes) };
      return { schedule: { kind: "interval", everyMinutes, within: [], ...rules }, slot };
    }
    case "flexible": {
      const slot: Slot = { kind: "starts", starts: [{ minute: random.below(1440) }] };
      const period = "day" as const;
      return {
        schedule: { kind: "flexible", period, weeks: 1, times: 1, apartMinutes: 0, within: [], ...rules },
        slot,
      };
    }
    case "at": {
      const day = (offset: number): string => new Date(startAt + offset * 3_600_000).toISOString().slice(0, 16);
      return { schedule: { kind: "at", times: [day(2 + random.below(20)), day(30)], ...rules } };
    }
    case "manual":
      return { schedule: { kind: "manual", ...rules } };
  }
}

function guardOf(random: SeededRandom): GuardLimits {
  const maybe = (share: number, value: number): number | undefined => (random.chance(share) ? value : undefined);
  const limits = {
    idleSeconds: maybe(0.95, random.pick([180, 300, 600, 1200])),
    durationSeconds: maybe(0.6, random.pick([600, 1800, 5400])),
    heartbeatSeconds: maybe(0.1, random.pick([300, 900])),
    outputBytes: maybe(0.3, random.pick([200_000, 1_000_000, 10_000_000])),
  };
  const known = Object.fromEntries(Object.entries(limits).filter(([, v]) => v !== undefined));
  return {
    mode: random.chance(0.06) ? "observe" : "enforce",
    onBreach: random.chance(0.06) ? "notify" : "stop",
    protect: random.chance(0.06),
    graceSeconds: random.pick([0, 5, 30, 60]),
    idleCpu: 0.02,
    costWarn: 0.8,
    ...known,
    ...(random.chance(0.3) ? { cost: money(random.pick([50_000_000n, 200_000_000n, 1_000_000_000n]), "USD") } : {}),
  };
}

/** What the guard must let go on, or just misses, is rare by chance alone. */
function guardFor(behaviour: Behaviour, guard: GuardLimits, random: SeededRandom): GuardLimits {
  if (behaviour === "finishing")
    return { ...guard, mode: "enforce", onBreach: "stop", protect: false, idleSeconds: guard.idleSeconds ?? 300 };
  if (behaviour === "idle" || behaviour === "overlong")
    return { ...guard, mode: "enforce", onBreach: "stop", protect: random.chance(0.4) };
  return guard;
}

function retryOf(random: SeededRandom): Job["retry"] {
  return { attempts: 1 + random.below(3), backoffSeconds: random.pick([1, 10, 60]), maxBackoffSeconds: 90 };
}

function safetyOf(random: SeededRandom): Safety {
  return { maxStops: 1 + random.below(5), share: random.pick([0.1, 0.5]), perSeconds: 900, maxDeletes: 1 };
}

function budgetsOf(random: SeededRandom, jobs: readonly DesiredJob[]): readonly Budget[] {
  const budgets: Budget[] = [];
  for (let index = 0; index < random.below(3); index += 1) {
    budgets.push({
      name: `b${index}`,
      match: random.pick([{}, { team: "red" }, { job: random.pick(jobs).job.name }]),
      per: random.pick(["day", { rollingSeconds: 6 * 3600 }] as const),
      limit: money(random.pick([200_000_000n, 1_000_000_000n, 5_000_000_000n]), "USD"),
      warnAt: [0.5, 0.8],
      atLimit: random.pick(["notify", "hold", "hold", "stop"]),
    });
  }
  return budgets;
}
