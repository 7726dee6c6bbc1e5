import { periodOf, type Spending } from "../../cost/index.ts";
import type { Budget, Entry, Instant, Run } from "../../model/index.ts";
import type { EngineContext } from "../context.ts";

interface Known extends Spending {
  readonly seq: number;
}

/** Readings in a row that a correction may spoil before the round goes without what is still unread. */
const MOST_READS = 3;

/** The charges that budgets add up: read from the ledger once, then kept up with what is recorded. */
export class Spendings {
  private readonly context: EngineContext;
  private known: Known[] | undefined;
  private from: Instant = Number.POSITIVE_INFINITY;

  constructor(context: EngineContext) {
    this.context = context;
    context.recorder.subscribe((entry) => this.hear(entry), context.signal);
  }

  /** Everything charged since the earliest period of these budgets began. */
  async since(budgets: readonly Budget[], at: Instant): Promise<readonly Spending[]> {
    const from = Math.min(at, ...budgets.map((b) => periodOf(b.per, at).from));
    for (let tries = 0; tries < MOST_READS && (this.known === undefined || from < this.from); tries += 1) {
      await this.read(from, at);
    }
    this.known = (this.known ?? []).filter((s) => s.from >= from);
    this.from = from;
    return this.known;
  }

  private async read(from: Instant, at: Instant): Promise<void> {
    const { ledger } = this.context.env;
    this.known = [];
    this.from = from;
    const runs = new Map<string, Run | undefined>();
    const read: Known[] = [];
    for (const charge of await ledger.charges({ from, to: at + 1 })) {
      // What a vendor's invoice says later is a true-up of the same time, not more of it.
      if (charge.basis !== "metered") continue;
      if (!runs.has(charge.run)) runs.set(charge.run, await ledger.run(charge.run));
      const subject = runs.get(charge.run);
      if (subject) read.push({ seq: charge.seq, subject, amount: charge.amount, from: charge.from });
    }
    // Undefined again when a correction was heard meanwhile: then the next round reads once more.
    const heard: readonly Known[] | undefined = this.known;
    const seqs = new Set(read.map((r) => r.seq));
    this.known = heard && [...read, ...heard.filter((k) => !seqs.has(k.seq))];
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
