import { actionFor } from "../../guard/index.ts";
import { LedgerError } from "../../ledger/index.ts";
import type { Instant } from "../../model/index.ts";
import { asProviderError, type EngineContext } from "../context.ts";
import type { TrackedRun } from "../state.ts";
import type { Tellings } from "../tellings.ts";
import { Adoption } from "./adoption.ts";
import type { Observer } from "./observer.ts";
import type { Stopper } from "./stopper.ts";

/** Of what cannot be read at a placement, so many are named: one missing permission may hide a thousand functions. */
const MOST_NAMED = 5;

/** Why a placement cannot be listed, and since when. */
export interface Blocked {
  readonly since: Instant;
  readonly text: string;
}

/** The rounds over placements whose runs may be started by others, and what stands in the way of them. */
export class NativeRounds {
  /** By placement; a listing that fails is no news of any run (K6, R2). */
  readonly problems: Map<string, Blocked> = new Map();
  /** By placement: what its last complete listing went on without. Told once, and shown for as long as it is so. */
  private readonly unread = new Map<string, readonly string[]>();
  private readonly context: EngineContext;
  private readonly tellings: Tellings;
  private readonly adoption: Adoption;
  /** Second runs of a fire that people have heard of. */
  private readonly told = new WeakSet<TrackedRun>();

  constructor(context: EngineContext, observer: Observer, stopper: Pick<Stopper, "stop">, tellings: Tellings) {
    this.context = context;
    this.tellings = tellings;
    this.adoption = new Adoption(context, observer, {
      missed: (job, detail, fire) => tellings.missed(job, detail, fire),
      again: (tracked, why) => this.stopAgain(tracked, stopper, why),
    });
  }

  /**
   * Stopped like any other run, through the choke point; where the guard may only watch, or is held, it is told and goes
   * on. Answers whether that is settled: a provider that could not confirm the run is asked again in the next round.
   */
  private async stopAgain(tracked: TrackedRun, stopper: Pick<Stopper, "stop">, why: string): Promise<boolean> {
    const { run } = tracked;
    const action = actionFor(run.limits);
    const order = { cause: "duplicate", by: "rota", reason: why } as const;
    const refused = { ok: false, why: `the job's guard says ${action}` } as const;
    const answer = action === "stop" ? await stopper.stop(run.run, order) : refused;
    if (answer.ok) return true;
    if (!this.told.has(tracked)) {
      this.told.add(tracked);
      await this.context.recorder.record({ type: "run.note", run: run.run, component: "provider", text: why });
      const text = `${why}. ${run.run} goes on: ${answer.why}. End it: rota kill ${run.run}`;
      this.tellings.problem(`${run.job} runs twice`, text);
    }
    return action !== "stop";
  }

  async round(placement: string): Promise<void> {
    const { recorder, time } = this.context;
    try {
      await this.adoption.round(placement);
    } catch (error) {
      // Not the provider's fault: the round comes again.
      if (error instanceof LedgerError) throw error;
      const { code, message } = asProviderError(error);
      const known = this.problems.get(placement);
      const since = known?.since ?? time.now();
      this.problems.set(placement, { since, text: `${placement}: ${code}: ${message}` });
      if (known) return;
      this.tellings.problem(placement, `${code}: ${message}`);
      await recorder.record({ type: "provider.problem", placement, code, message });
      return;
    }
    this.note(placement);
    if (!this.problems.has(placement)) return;
    await recorder.record({ type: "provider.recovered", placement });
    this.problems.delete(placement);
  }

  /** What no listing shows, of placements that are open: other runs there are seen all the same. */
  get blind(): readonly string[] {
    return [...this.unread].flatMap(([placement, all]) => named(all).map((text) => `${placement}: ${text}`));
  }

  forget(placement: string): void {
    this.problems.delete(placement);
    this.unread.delete(placement);
  }

  private note(placement: string): void {
    const { redact = (text: string) => text, placements } = this.context.env;
    const now = (placements.get(placement)?.provider.unread?.() ?? []).map(redact);
    const before = new Set(this.unread.get(placement));
    const news = now.filter((text) => !before.has(text));
    if (news.length > 0) this.tellings.problem(placement, named(news).join("\n"));
    if (now.length > 0) this.unread.set(placement, now);
    else this.unread.delete(placement);
  }
}

function named(all: readonly string[]): readonly string[] {
  if (all.length <= MOST_NAMED) return all;
  return [...all.slice(0, MOST_NAMED), `and ${all.length - MOST_NAMED} more; rota doctor looks at each`];
}
