import { type Instant, MINUTE, SECOND } from "../model/index.ts";
import type { EngineContext } from "./context.ts";
import type { Budgets } from "./money/budgets.ts";
import type { NativeRounds } from "./watch/natives.ts";

/** Native placements are listed this often. */
const NATIVE_MS: number = 15 * SECOND;
/** What they hold is compared with what was applied this often: it takes some calls for each job. */
const KEEP_MS: number = 30 * MINUTE;
/** The first time soon after the start. */
const FIRST_KEEP_MS: number = 2 * MINUTE;
const BUDGETS_MS: number = 30 * SECOND;
/** What changes within so long is looked at by one listing. */
const GATHER_MS: number = 2 * SECOND;
/** Charges of so long are added up together. */
const CHARGED_MS: number = 5 * SECOND;
/** Where charges are many, adding up rests so many times as long as it took: it must not take the machine from the runs. */
const REST_SHARE = 10;
/** But a budget that is used up is seen after so long at the latest. */
const MOST_REST_MS: number = MINUTE;
/** While the ledger refuses, it is tried this often. */
const PROBE_MS: number = 15 * SECOND;
const PRUNE_MS: number = 60 * MINUTE;
/** Samples are kept this long, beside the verdicts that rest on them, which are kept for ever. */
const SAMPLES_KEPT_MS: number = 31 * 24 * 60 * MINUTE;

/** What is done again and again, besides following fires and runs. */
export class Rounds {
  private readonly watched = new Set<string>();
  /** Rounds that wait for their time, and those that shall come again soon after the one under way. */
  private readonly waiting = new Map<string, { readonly at: Instant; readonly hasten: (at: Instant) => void }>();
  private readonly hasty = new Map<string, number>();
  private readonly context: EngineContext;
  private readonly budgets: Budgets;
  private readonly natives: NativeRounds;
  private readonly keep: (placement: string) => Promise<void>;

  constructor(
    context: EngineContext,
    budgets: Budgets,
    natives: NativeRounds,
    keep: (placement: string) => Promise<void>,
  ) {
    this.keep = keep;
    this.context = context;
    this.budgets = budgets;
    this.natives = natives;
  }

  start(): void {
    this.watchPlacements();
    this.round("ledger", PROBE_MS, PROBE_MS, () => this.context.recorder.probe());
    this.round("budgets", 0, BUDGETS_MS, () => this.budgets.check(), {
      rest: (tookMs) => Math.min(tookMs * REST_SHARE, MOST_REST_MS),
    });
    this.round("prune", PRUNE_MS, PRUNE_MS, () => this.prune());
  }

  /** Placements come and go with the manifest: each that is open is looked at, none twice. */
  watchPlacements(): void {
    const { placements } = this.context.env;
    for (const [name, open] of placements) {
      if (!open.provider.capabilities.seesForeignRuns || this.watched.has(name)) continue;
      this.watched.add(name);
      this.round(`native:${name}`, 0, NATIVE_MS, async () => {
        if (placements.has(name)) await this.natives.round(name);
        else this.natives.forget(name);
      });
      if (open.provider.capabilities.schedules !== "native") continue;
      this.round(`keep:${name}`, FIRST_KEEP_MS, KEEP_MS, async () => {
        if (placements.has(name)) await this.keep(name);
      });
    }
  }

  /** Something changed at a placement that is listed in turn: it is listed soon, never twice at a time. */
  listSoon(placement: string): void {
    this.soon(`native:${placement}`, GATHER_MS);
  }

  /** A run has ended and was charged: what budgets say of it is soon so as well. */
  addUpSoon(): void {
    this.soon("budgets", CHARGED_MS);
  }

  private soon(key: string, ms: number): void {
    const waiting = this.waiting.get(key);
    const at = this.context.time.now() + ms;
    if (waiting === undefined) this.hasty.set(key, ms);
    else if (at < waiting.at) waiting.hasten(at);
  }

  /** Samples and the providers' own records of ended runs go when they are old; the ledger's entries never do. */
  private async prune(): Promise<void> {
    const { env, time, signal } = this.context;
    const before = time.now() - SAMPLES_KEPT_MS;
    await env.ledger.pruneSamples(before);
    for (const { provider } of env.placements.values()) await provider.prune?.(before, { signal });
  }

  private round(
    key: string,
    afterMs: number,
    everyMs: number,
    work: () => Promise<void>,
    { rest = () => 0, restMs = 0 }: { readonly rest?: (tookMs: number) => number; readonly restMs?: number } = {},
  ): void {
    const { agenda, time, env } = this.context;
    const run = async (): Promise<void> => {
      this.waiting.delete(key);
      const began = time.monotonic();
      try {
        await work();
      } catch (error) {
        env.log("warn", "a round failed and comes again", { round: key, error: String(error) });
      } finally {
        const soon = this.hasty.get(key) ?? everyMs;
        this.hasty.delete(key);
        this.round(key, Math.min(soon, everyMs), everyMs, work, { rest, restMs: rest(time.monotonic() - began) });
      }
    };
    const earliest = time.now() + restMs;
    const wait = (wanted: Instant): void => {
      const at = Math.max(wanted, earliest);
      this.waiting.set(key, { at, hasten: wait });
      agenda.set(key, at, run);
    };
    wait(time.now() + afterMs);
  }
}
