import { periodOf, type Spending } from "../../cost/index.ts";
import type { LedgerReader } from "../../ledger/index.ts";
import { type Budget, DAY, type Entry, type Instant, type Run } from "../../model/index.ts";
import type { EngineContext } from "../context.ts";

/** Of the engine, what this takes. */
interface Source {
  readonly env: { readonly ledger: Pick<LedgerReader, "charges" | "run"> };
  readonly recorder: Pick<EngineContext["recorder"], "subscribe">;
  readonly state: Pick<EngineContext["state"], "lastEnded" | "open">;
  readonly signal: AbortSignal;
}

interface Known extends Spending {
  readonly seq: number;
}

/** Readings in a row that a correction may spoil before the round is given up: it comes again. */
const MOST_READS = 3;
/** What no period holds any more is let go of after so long. */
const KEPT_MS: number = DAY;

/** The charges that budgets add up: read from the ledger once, then kept up with what is recorded. */
export class Spendings {
  private readonly context: Source;
  private known: Known[] | undefined;
  private from: Instant = Number.POSITIVE_INFINITY;

  constructor(context: Source) {
    this.context = context;
    context.recorder.subscribe((entry) => this.hear(entry), context.signal);
  }

  /**
   * Everything charged since the earliest period of these budgets began, and some of what was before: a list that grows,
   * until another takes its place. Throws while it cannot be read: what is known in part must not release a budget.
   */
  async since(budgets: readonly Budget[], at: Instant): Promise<readonly Spending[]> {
    const from = Math.min(at, ...budgets.map((b) => periodOf(b.per, at).from));
    for (let tries = 0; tries < MOST_READS && (this.known === undefined || from < this.from); tries += 1) {
      await this.read(from, at);
    }
    if (this.known === undefined) throw new Error("charges were corrected while they were read");
    if (from - this.from > KEPT_MS) {
      this.known = this.known.filter((s) => s.from >= from);
      this.from = from;
    }
    return this.known;
  }

  private async read(from: Instant, at: Instant): Promise<void> {
    // What is recorded meanwhile is heard here.
    this.known = [];
    this.from = from;
    try {
      const read = await this.charged(from, at);
      // Undefined again when a correction was heard meanwhile: then it is read once more.
      const heard: readonly Known[] | undefined = this.known;
      const seqs = new Set(read.map((r) => r.seq));
      this.known = heard && [...read, ...heard.filter((k) => !seqs.has(k.seq))];
    } catch (error) {
      this.known = undefined;
      throw error;
    }
  }

  private async charged(from: Instant, at: Instant): Promise<readonly Known[]> {
    const { ledger } = this.context.env;
    const runs = new Map<string, Run | undefined>();
    const read: Known[] = [];
    for (const charge of await ledger.charges({ from, to: at + 1 })) {
      // What a vendor's invoice says later is a true-up of the same time, not more of it.
      if (charge.basis !== "metered") continue;
      if (!runs.has(charge.run)) runs.set(charge.run, await ledger.run(charge.run));
      const subject = runs.get(charge.run);
      if (subject) read.push({ seq: charge.seq, subject, amount: charge.amount, from: charge.from });
    }
    return read;
  }

  private hear({ seq, event }: Entry): void {
    if (event.type === "charge.reversed") {
      this.known = undefined;
    } else if (event.type === "charge" && event.basis === "metered") {
      const subject = this.context.state.lastEnded.get(event.run) ?? this.context.state.open.get(event.run)?.run;
      if (subject) this.known?.push({ seq, subject, amount: event.amount, from: event.from });
      // A correction that names a run of the past: read everything again.
      else this.known = undefined;
    }
  }
}
