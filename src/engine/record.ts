import { type Ledger, LedgerError } from "../ledger/index.ts";
import type { Entry, Instant, LedgerEvent } from "../model/index.ts";
import type { EngineEnv, Log } from "./env.ts";
import { type Redact, withoutSecrets } from "./redaction.ts";
import type { EngineState } from "./state.ts";
import type { SteadyTime } from "./steady.ts";

export type Listener = (entry: Entry) => void;

/**
 * The one way in which the engine changes what it knows: events are durable first, then they are folded
 * into the state, then listeners hear of them. When the store refuses (disk full, read-only), nothing has
 * happened, the caller's effect does not take place, and `trouble` says why until a write succeeds again.
 * After `close` nothing is recorded any more: a daemon that has ended, or wakes up late, changes nothing (H1).
 */
export class Recorder {
  trouble: string | undefined;
  private refused: { readonly since: Instant; readonly code: string } | undefined;
  private closed = false;
  private readonly listeners = new Set<Listener>();
  private readonly ledger: Ledger;
  private readonly state: EngineState;
  private readonly time: SteadyTime;
  private readonly log: Log;
  private readonly observe: (seconds: number) => void;
  private readonly redact: Redact;

  constructor(env: Pick<EngineEnv, "ledger" | "time" | "log" | "observe" | "redact">, state: EngineState) {
    this.ledger = env.ledger;
    this.state = state;
    this.time = env.time;
    this.log = env.log;
    this.observe = env.observe?.append ?? (() => undefined);
    this.redact = env.redact ?? ((text) => text);
  }

  async record(...events: readonly LedgerEvent[]): Promise<void> {
    if (this.closed) throw new LedgerError("closed", "this daemon has ended and records nothing more");
    const before = this.time.monotonic();
    let entries: readonly Entry[];
    try {
      entries = await this.ledger.append(events.map((event) => withoutSecrets(event, this.redact)));
    } catch (error) {
      if (error instanceof LedgerError) {
        if (this.trouble === undefined) this.log("error", "the ledger refuses to record", { code: error.code });
        this.refused ??= { since: this.time.now(), code: error.code };
        this.trouble = `the ledger cannot record (${error.code}): ${error.message}; no run is started or stopped`;
      }
      throw error;
    }
    this.observe((this.time.monotonic() - before) / 1000);
    this.trouble = undefined;
    this.refused = undefined;
    for (const entry of entries) {
      this.state.apply(entry.event, entry.at, this.time.monotonic());
      for (const listener of this.listeners) this.tell(listener, entry);
    }
  }

  /** While the store refuses: tries it, so that its recovery is known within a round also when nothing else happens. */
  async probe(): Promise<void> {
    if (this.refused !== undefined) await this.record({ type: "ledger.recovered", ...this.refused });
  }

  /** From now on every `record` is refused, whoever is still at work. */
  close(): void {
    this.closed = true;
  }

  subscribe(listener: Listener, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener), { once: true });
  }

  /** What is recorded stands: a listener that fails must not make its recorder believe otherwise. */
  private tell(listener: Listener, entry: Entry): void {
    try {
      listener(entry);
    } catch (error) {
      this.log("error", "a listener failed", { event: entry.event.type, error: String(error) });
    }
  }
}
