import { Launcher } from "../../../src/engine/dispatch/launcher.ts";
import { Engine } from "../../../src/engine/index.ts";
import { Budgets } from "../../../src/engine/money/budgets.ts";
import { Recorder } from "../../../src/engine/record.ts";
import { EngineState, type TrackedRun } from "../../../src/engine/state.ts";
import { Guarding } from "../../../src/engine/watch/guarding.ts";
import { Observer } from "../../../src/engine/watch/observer.ts";
import { type StopOrder, Stopper } from "../../../src/engine/watch/stopper.ts";
import type { Planted } from "../planted.ts";

type Method = (this: Live, ...args: never[]) => unknown;
/** An object of the engine's with its private parts. */
type Live = Record<string, unknown>;

/** Bugs in the engine's own code: one method each, replaced in memory. */
export const CODE_BUGS: readonly Planted[] = [
  {
    name: "a stop leaves before its verdict is recorded",
    breaks: ["K1"],
    patch: replace(
      Stopper,
      "stop",
      (original) =>
        async function (this: Live, id: string, order: StopOrder) {
          const tracked = stateOf(this).open.get(id);
          if (tracked?.handle !== undefined && !tracked.stopping) await call(this, "send", tracked, "polite");
          return original.call(this, id as never, order as never);
        },
    ),
  },
  {
    name: "a pause of the daemon does not begin the windows anew",
    breaks: ["K5"],
    patch: replace(Engine, "paused", () => () => undefined),
  },
  {
    name: "an outage does not begin the windows anew",
    breaks: ["K6"],
    patch: replace(
      Observer,
      "failed",
      (original) =>
        async function (this: Live, tracked: TrackedRun, error: unknown) {
          const pause = await original.call(this, tracked as never, error as never);
          tracked.errors = 0;
          return pause;
        },
    ),
  },
  {
    name: "a restart does not begin the windows anew",
    breaks: ["K5"],
    patch: replace(
      EngineState,
      "track",
      (original) =>
        function (this: Live, ...args: never[]) {
          const tracked = original.call(this, ...args) as TrackedRun;
          tracked.watchedSince = Number.NEGATIVE_INFINITY;
          return tracked;
        },
    ),
  },
  {
    name: "overlap is forgotten after a restart",
    breaks: ["F6"],
    patch: replace(
      EngineState,
      "track",
      (original) =>
        function (this: Live, ...args: never[]) {
          const tracked = original.call(this, ...args) as TrackedRun;
          if (tracked.run.status !== "queued") (this["byJob"] as Map<string, Set<TrackedRun>>).delete(tracked.run.job);
          return tracked;
        },
    ),
  },
  {
    name: "the blast radius counts a minute instead of its window",
    breaks: ["K9"],
    patch: replace(
      Stopper,
      "admit",
      (original) =>
        async function (this: Live, ...args: never[]) {
          const safety = this["safety"] as () => object;
          this["safety"] = () => ({ ...safety(), perSeconds: 60 });
          try {
            return await original.call(this, ...args);
          } finally {
            this["safety"] = safety;
          }
        },
    ),
  },
  {
    name: "limits are those of the manifest of today",
    breaks: ["K2", "K10"],
    patch: replace(
      Guarding,
      "facts",
      (original) =>
        function (this: Live, tracked: TrackedRun, ...rest: never[]) {
          const facts = original.call(this, tracked as never, ...rest) as object;
          const today = stateOf(this).deployed.get(tracked.run.job)?.desired.job.guard;
          return today ? { ...facts, limits: today } : facts;
        },
    ),
  },
  {
    name: "an unknown start is sent again without a look",
    breaks: ["F4"],
    patch: replace(
      Launcher,
      "resolve",
      () =>
        async function (this: Live, id: string) {
          const tracked = stateOf(this).open.get(id);
          if (tracked && tracked.run.status === "starting" && tracked.handle === undefined)
            await call(this, "request", tracked);
        },
    ),
  },
  {
    name: "no hard stop follows a polite one",
    breaks: ["K11"],
    patch: replace(Stopper, "escalate", () => async () => undefined),
  },
  {
    name: "a budget that holds is not asked",
    breaks: ["L3"],
    patch: replace(Budgets, "heldBy", () => () => undefined),
  },
  {
    name: "a start that the ledger refuses leaves all the same",
    breaks: ["L4"],
    patch: replace(
      Recorder,
      "record",
      (original) =>
        async function (this: Live, ...events: never[]) {
          const [first] = events as readonly { readonly type: string }[];
          const refused = first?.type === "run.sent" ? (): undefined => undefined : undefined;
          await (refused
            ? Promise.resolve(original.call(this, ...events)).catch(refused)
            : original.call(this, ...events));
        },
    ),
  },
  {
    name: "a breach is judged a window too early",
    breaks: ["K2"],
    patch: replace(
      Guarding,
      "facts",
      (original) =>
        function (this: Live, ...args: never[]) {
          const facts = original.call(this, ...args) as { readonly limits: { readonly idleSeconds?: number } };
          const { idleSeconds } = facts.limits;
          if (idleSeconds === undefined) return facts;
          return { ...facts, limits: { ...facts.limits, idleSeconds: idleSeconds / 2 } };
        },
    ),
  },
];

function replace(
  owner: { readonly prototype: object },
  name: string,
  make: (original: Method) => (this: Live, ...args: never[]) => unknown,
): () => () => void {
  return () => {
    const prototype = owner.prototype as Live;
    const original = prototype[name] as Method;
    prototype[name] = make(original);
    return () => {
      prototype[name] = original;
    };
  };
}

function stateOf(live: Live): EngineState {
  return (live["context"] as { readonly state: EngineState }).state;
}

function call(live: Live, name: string, ...args: readonly unknown[]): unknown {
  return (live[name] as (...args: readonly unknown[]) => unknown).call(live, ...args);
}
