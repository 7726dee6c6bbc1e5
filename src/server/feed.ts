import type { Control } from "../engine/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { Clock, Entry } from "../model/index.ts";
import { rfc3339 } from "../query/index.ts";

const RING_ENTRIES = 1000;
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2000;

interface Item {
  readonly seq: number;
  readonly text: string;
}

/**
 * Live events as server-sent events. Every stream pulls: it reads what is after its own place, from the
 * last entries in memory or else from the ledger, at the pace of its reader. So a slow reader costs one
 * place and no buffer, and nothing is left out or told twice.
 */
export class Feed {
  readonly #ledger: LedgerReader;
  readonly #clock: Clock;
  readonly #ring: Item[] = [];
  readonly #waiting = new Set<() => void>();
  #firstSeq: number | undefined;
  #lastSeq: number | undefined;

  constructor(control: Control, ledger: LedgerReader, clock: Clock, signal: AbortSignal) {
    this.#ledger = ledger;
    this.#clock = clock;
    control.subscribe((entry) => this.#push(entry), signal);
  }

  /** From the entry after `afterSeq`, or from now on; ends when the signal aborts. */
  async *stream(afterSeq: number | undefined, signal: AbortSignal): AsyncGenerator<string> {
    let place = afterSeq ?? this.#lastSeq;
    yield `retry: ${RETRY_MS}\n: rota\n\n`;
    while (!signal.aborted) {
      place ??= this.#firstSeq === undefined ? undefined : this.#firstSeq - 1;
      if (place !== undefined && this.#lastSeq !== undefined && place > this.#lastSeq) {
        // The reader comes from another ledger: its picture is not ours.
        yield `event: reset\nid: ${this.#lastSeq}\ndata: {}\n\n`;
        place = this.#lastSeq;
      }
      let told = false;
      if (place !== undefined) {
        for await (const item of this.#after(place)) {
          if (signal.aborted) return;
          yield item.text;
          place = item.seq;
          told = true;
        }
      }
      // After a pass that told nothing it waits even if there should be more: it must never spin.
      const behind = this.#lastSeq !== undefined && (place ?? 0) < this.#lastSeq;
      if (!(behind && told) && (await this.#idle(signal))) yield ": still here\n\n";
    }
  }

  #push(entry: Entry): void {
    this.#firstSeq ??= entry.seq;
    this.#lastSeq = entry.seq;
    this.#ring.push(itemOf(entry));
    if (this.#ring.length > RING_ENTRIES) this.#ring.shift();
    for (const wake of this.#waiting) wake();
  }

  async *#after(place: number): AsyncGenerator<Item> {
    const oldest = this.#ring[0];
    if (oldest && oldest.seq <= place + 1) {
      yield* this.#ring.filter((item) => item.seq > place);
      return;
    }
    for await (const entry of this.#ledger.entries({ afterSeq: place })) yield itemOf(entry);
  }

  /** Waits for the next entry; true when there was none for as long as a heartbeat may take. */
  async #idle(signal: AbortSignal): Promise<boolean> {
    const pause = new AbortController();
    const wake = (): void => pause.abort();
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    try {
      if (!signal.aborted) await this.#clock.sleep(HEARTBEAT_MS, pause.signal);
      return !pause.signal.aborted;
    } finally {
      this.#waiting.delete(wake);
      signal.removeEventListener("abort", wake);
    }
  }
}

/** What is told of an entry: what happened to what. Never the output, the command or the environment of a job. */
export interface EventObject {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly job?: string;
  readonly run?: string;
  readonly status?: string;
}

function eventObject(entry: Entry): EventObject {
  const { event } = entry;
  const told: { job?: string; run?: string; status?: string } = {};
  if (event.type === "run.created") Object.assign(told, { job: event.run.job, run: event.run.run });
  else if (event.type === "job.deployed") told.job = event.desired.job.name;
  else {
    if ("job" in event) told.job = event.job;
    if ("run" in event) told.run = event.run;
    if ("status" in event) told.status = event.status;
  }
  return { seq: entry.seq, at: rfc3339(entry.at), type: event.type, ...told };
}

function itemOf(entry: Entry): Item {
  return { seq: entry.seq, text: `id: ${entry.seq}\nevent: entry\ndata: ${JSON.stringify(eventObject(entry))}\n\n` };
}
