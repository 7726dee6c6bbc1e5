import {
  type BudgetState,
  budgetState,
  type CostOutlook,
  matches,
  type Period,
  periodOf,
  Tally,
  type Upcoming,
} from "../../cost/index.ts";
import type { Budget, Instant, LedgerEvent } from "../../model/index.ts";
import { asProviderError, type EngineContext } from "../context.ts";
import type { BudgetStatus } from "../control.ts";
import { ControlError } from "../fault.ts";
import type { Metering } from "./metering.ts";
import { Outlook } from "./outlook.ts";
import { Spendings } from "./spendings.ts";

export interface BudgetHooks {
  readonly budgets: () => readonly Budget[];
  readonly stop: (run: string, reason: string) => Promise<void>;
  readonly tell: (subject: string, text: string) => void;
}

/**
 * Keeps the budgets: adds up what their period has cost (metered charges and runs in flight), warns once at
 * each share, and at the limit does what the budget says. A held budget is released by its next period or by
 * a person; in the same period it does not hold again after a person released it.
 */
export class Budgets {
  private readonly context: EngineContext;
  private readonly metering: Metering;
  private readonly hooks: BudgetHooks;
  private readonly spendings: Spendings;
  private readonly tallies = new Map<string, Tally>();
  readonly outlook: Outlook;
  /** Jobs whose native schedules are paused for a budget. */
  private paused: Set<string> | undefined;
  private checking = false;

  constructor(context: EngineContext, metering: Metering, hooks: BudgetHooks) {
    this.context = context;
    this.metering = metering;
    this.hooks = hooks;
    this.spendings = new Spendings(context);
    this.outlook = new Outlook({
      ledger: context.env.ledger,
      deployed: () => context.state.deployed.values(),
      rate: (desired) => metering.rateOf(desired),
    });
  }

  /** Why the job's fires do not start: the budget that holds it. */
  heldBy(job: string): string | undefined {
    const { state } = this.context;
    const desired = state.deployed.get(job)?.desired.job;
    if (!desired) return undefined;
    const subject = { ...desired, job: desired.name };
    const now = this.context.time.now();
    for (const budget of this.hooks.budgets()) {
      const held = state.heldBudgets.get(budget.name);
      // A new period begins at its first instant, not when it is first looked at.
      if (held?.period !== periodOf(budget.per, now).id) continue;
      if (held.action !== "notify" && matches(budget.match, subject)) {
        return `budget "${budget.name}" is used up for ${held.period} (atLimit: ${held.action})`;
      }
    }
    return undefined;
  }

  async check(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      const all = this.hooks.budgets();
      await this.releaseRemoved(all);
      const states: BudgetStatus[] = [];
      for (const budget of all) {
        const charges = await this.spendings.since(all, this.context.time.now());
        // All of one moment: what ends while fires are counted is in flight here, and no charge yet.
        const at = this.context.time.now();
        const charged = this.tallyOf(budget.name).of(budget, at, charges);
        const [live, upcoming] = await Promise.all([
          this.inFlight(budget.per, at),
          typeof budget.per === "string" ? this.upcoming(periodOf(budget.per, at), at, budget.match) : [],
        ]);
        const state = budgetState({
          budget,
          at,
          charged,
          live,
          upcoming,
          warned: this.context.state.budgetWarned.filter((w) => w.budget === budget.name),
        });
        await this.act(budget, state);
        states.push(this.status(budget, state));
      }
      this.context.state.budgets = states;
      await this.pauseNative();
    } finally {
      this.checking = false;
    }
  }

  private tallyOf(budget: string): Tally {
    const known = this.tallies.get(budget);
    if (known) return known;
    const tally = new Tally();
    this.tallies.set(budget, tally);
    return tally;
  }

  private async releaseRemoved(all: readonly Budget[]): Promise<void> {
    const names = new Set(all.map((b) => b.name));
    for (const budget of [...this.tallies.keys()]) if (!names.has(budget)) this.tallies.delete(budget);
    for (const [budget, { period }] of [...this.context.state.heldBudgets]) {
      if (names.has(budget)) continue;
      const reason = "it is no longer in the manifest";
      await this.context.recorder.record({ type: "budget.released", budget, period, by: "rota", reason });
    }
  }

  async release(name: string, reason: string, by: string): Promise<void> {
    const held = this.context.state.heldBudgets.get(name);
    if (!held) throw new ControlError("refused", `budget "${name}" holds nothing`, "rota status shows the budgets");
    await this.context.recorder.record({ type: "budget.released", budget: name, period: held.period, by, reason });
    await this.check();
  }

  /** Runs in flight: what they have cost in the period so far, and what is expected to come yet. */
  async inFlight(per: Budget["per"], at: Instant): ReturnType<CostOutlook["inFlight"]> {
    const running = [...this.context.state.open.values()].filter((t) => t.run.status === "running");
    // A rolling window has no end, and nothing to come before it.
    const isForecast = typeof per === "string";
    return Promise.all(
      running.map(async (t) => {
        const seconds = isForecast && t.desired ? await this.outlook.seconds(t.desired, at) : undefined;
        return { subject: t.run, ...this.metering.within(t, per, at, seconds) };
      }),
    );
  }

  /** Fires to come in the period, and those that have come and whose runs still wait: for their turn, or for another try. */
  async upcoming(period: Period, at: Instant, match: Budget["match"] = {}): Promise<readonly Upcoming[]> {
    const open = at < period.from ? [] : [...this.context.state.open.values()];
    const waiting = open.filter(({ run }) => run.status === "queued" || run.status === "starting");
    const upcoming = [...(await this.outlook.fires(period, at, match))];
    for (const { run, desired } of waiting) {
      if (!matches(match, run)) continue;
      upcoming.push({ subject: run, fires: 1, each: desired && (await this.outlook.each(desired, at)) });
    }
    return upcoming;
  }

  private async act(budget: Budget, state: BudgetState): Promise<void> {
    const { recorder, state: engine } = this.context;
    const period = state.period.id;
    const { spent, limit } = state;
    const held = engine.heldBudgets.get(budget.name);
    if (held && (held.period !== period || state.state !== "reached")) {
      await recorder.record({
        type: "budget.released",
        budget: budget.name,
        period: held.period,
        by: "rota",
        reason: held.period === period ? "the spending is below the limit again" : "a new period began",
      });
    }
    const events: LedgerEvent[] = state.crossed.map((share) => ({
      type: "budget.warned",
      budget: budget.name,
      period,
      share,
      spent,
      limit,
    }));
    if (state.state !== "reached") engine.budgetReleased.delete(`${budget.name} ${period}`);
    const standing = engine.heldBudgets.get(budget.name);
    const reached =
      state.action !== undefined &&
      standing?.action !== state.action &&
      !engine.budgetReleased.has(`${budget.name} ${period}`);
    if (reached && state.action !== undefined)
      events.push({ type: "budget.reached", budget: budget.name, period, action: state.action, spent, limit });
    if (events.length > 0) await recorder.record(...events);
    const figures = `${spent.amount} of ${limit.amount} ${limit.currency} in ${period}`;
    for (const share of state.crossed)
      this.hooks.tell(`budget ${budget.name} is at ${Math.round(share * 100)}%`, figures);
    if (reached) this.tellReached(budget, figures);
    await this.stopRuns(budget, figures);
  }

  private tellReached(budget: Budget, figures: string): void {
    const release = `To go on all the same: rota budget release ${budget.name} --reason "…"`;
    const effect = {
      notify: "nothing is stopped (atLimit: notify)",
      hold: `its jobs start no more in this period (atLimit: hold). ${release}`,
      stop: `its jobs are stopped and start no more in this period (atLimit: stop). ${release}`,
    }[budget.atLimit];
    this.hooks.tell(`budget ${budget.name} is used up`, `${figures}; ${effect}`);
  }

  /** Every round, so that a stop that could not be sent is sent later. What a person started since goes on. */
  private async stopRuns(budget: Budget, figures: string): Promise<void> {
    const { heldBudgets, open } = this.context.state;
    const held = heldBudgets.get(budget.name);
    if (held?.action !== "stop") return;
    for (const { run, stopping } of [...open.values()]) {
      if (stopping || run.status === "queued" || run.createdAt > held.at || !matches(budget.match, run)) continue;
      await this.hooks.stop(run.run, `budget "${budget.name}" is used up: ${figures}`);
    }
  }

  private status(budget: Budget, state: BudgetState): BudgetStatus {
    const held = this.context.state.heldBudgets.get(budget.name);
    return {
      budget: budget.name,
      period: state.period.id,
      spent: state.spent,
      limit: state.limit,
      ...(state.forecast === undefined ? {} : { forecast: state.forecast, upcomingLeftOut: state.leftOut.fires }),
      state: held && held.action !== "notify" ? "held" : state.state,
    };
  }

  /** Native schedules of held jobs are paused at the provider, and resumed when nothing holds them any more. */
  private async pauseNative(): Promise<void> {
    this.paused ??= this.perhapsPaused();
    for (const [name, entry] of this.context.state.deployed) {
      const provider = this.context.env.placements.get(entry.placement)?.provider;
      if (provider?.capabilities.schedules !== "native") continue;
      const held = this.heldBy(name);
      if ((held !== undefined) === this.paused.has(name)) continue;
      try {
        await provider.setPaused(name, held !== undefined, held ?? "released", { signal: this.context.signal });
        if (held === undefined) this.paused.delete(name);
        else this.paused.add(name);
      } catch (error) {
        const problem = asProviderError(error);
        this.context.env.log("warn", "a schedule could not be paused or resumed and is tried again", {
          job: name,
          code: problem.code,
          message: problem.message,
        });
      }
    }
  }

  /** After a restart: the jobs of every budget that ever held some. A resume that was not needed does nothing. */
  private perhapsPaused(): Set<string> {
    const { state } = this.context;
    if (state.everHeld.size === 0) return new Set();
    const budgets = this.hooks.budgets().filter((b) => state.everHeld.has(b.name));
    // One that is gone from the manifest may have been about any of them.
    const isAny = budgets.length < state.everHeld.size;
    const about = [...state.deployed].filter(
      ([job, { desired }]) => isAny || budgets.some((b) => matches(b.match, { ...desired.job, job })),
    );
    return new Set(about.map(([job]) => job));
  }
}
