import { type Instant, money } from "../model/index.ts";
import { nextFire } from "../schedule/index.ts";
import type { EngineContext } from "./context.ts";
import type { EngineStatus, PlacementStatus } from "./control.ts";
import type { EngineSettings } from "./env.ts";
import type { Deployed } from "./state.ts";
import type { Blocked } from "./watch/natives.ts";

const NEXT_FIRES = 10;

export interface StatusInput {
  readonly context: EngineContext;
  readonly settings: EngineSettings;
  readonly startedAt: Instant;
  /** Why it is not ready, besides placements that cannot be listed. */
  readonly problems: readonly string[];
  /** What no listing shows. */
  readonly unread: readonly string[];
  readonly placementProblems: ReadonlyMap<string, Blocked>;
  readonly currency: string;
}

/** One screen's worth of what the daemon knows now. */
export function engineStatus(input: StatusInput): EngineStatus {
  const { context, settings } = input;
  const { state, env, time } = context;
  const now = time.now();
  const placements = [...env.placements].map(([name, open]): PlacementStatus => {
    const problem = input.placementProblems.get(name);
    const drifted = new Set([...state.drifted.values()].filter((d) => d.placement === name).map((d) => d.resource))
      .size;
    return {
      placement: name,
      type: open.provider.type,
      ok: problem === undefined,
      jobs: [...state.deployed.values()].filter((d) => d.placement === name).length,
      ...(drifted === 0 ? {} : { drifted }),
      ...(problem && { problem: problem.text, failingSince: problem.since }),
    };
  });
  return {
    environment: settings.environment,
    namespace: settings.namespace,
    epoch: context.epoch,
    startedAt: input.startedAt,
    now,
    ready: input.problems.length === 0 && input.placementProblems.size === 0,
    problems: input.problems,
    unread: input.unread,
    placements,
    running: [...state.open.values()].map((t) => ({
      run: t.run.run,
      job: t.run.job,
      status: t.run.status,
      ...(t.run.startedAt === undefined ? {} : { startedAt: t.run.startedAt }),
      ...(t.costNanos === undefined ? {} : { cost: money(t.costNanos, input.currency) }),
    })),
    budgets: state.budgets,
    ...(state.guardHeld === undefined ? {} : { guardHeld: state.guardHeld }),
    nextFires: nextFires(context, now),
  };
}

/** Remembered until it has passed: ten thousand schedules are not walked at every look. */
function nextOf(entry: Deployed, now: Instant): Instant {
  const known = entry.ahead;
  if (known && known.from <= now && now < known.at) return known.at;
  const { job, slot } = entry.desired;
  const at = nextFire(job.schedule, slot, now)?.at ?? Number.POSITIVE_INFINITY;
  entry.ahead = { from: now, at };
  return at;
}

function nextFires(context: EngineContext, now: Instant): EngineStatus["nextFires"] {
  const all = [...context.state.deployed.values()].flatMap((entry) => {
    const at = nextOf(entry, now);
    return Number.isFinite(at) ? [{ job: entry.desired.job.name, at }] : [];
  });
  return all.sort((a, b) => a.at - b.at).slice(0, NEXT_FIRES);
}
