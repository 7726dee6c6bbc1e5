import { type Clock, type EventOf, MINUTE, type Random, SECOND } from "../../model/index.ts";
import type { Deliver, Outcome, QueuedNotice } from "./notice.ts";

export interface RetryRule {
  /** Tries in all. */
  readonly attempts: number;
  readonly firstMs: number;
  readonly mostMs: number;
  /** A receiver may ask for this long a wait, and for no longer. */
  readonly mostRetryAfterMs: number;
}

export const RETRY: RetryRule = {
  attempts: 6,
  firstMs: SECOND,
  mostMs: MINUTE,
  mostRetryAfterMs: 10 * MINUTE,
};

/** Notices that wait for one way to one channel; beyond this the oldest is dropped. */
export const MOST_WAITING = 100;

const GIVEN_UP: Outcome = { ok: false, retry: true, detail: "the daemon ended before it could be delivered" };

export interface LaneOptions {
  readonly channel: string;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly random: Random;
  /** The outcome of one notice, or of a number of dropped ones. Never throws. */
  readonly report: (event: EventOf<"notice.sent">) => void;
}

/** One way to one channel: first in, first out, one at a time, so that a slow receiver holds up nobody else. */
export class Lane {
  private readonly options: LaneOptions;
  private readonly waiting: QueuedNotice[] = [];
  private readonly ended = new AbortController();
  private dropped = 0;
  private pumping: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  /** Waiting and under way. */
  get size(): number {
    return this.waiting.length + (this.pumping ? 1 : 0);
  }

  add(notice: QueuedNotice): void {
    if (this.waiting.length >= MOST_WAITING) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.waiting.push(notice);
    this.pumping ??= this.pump();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.pumping) await this.pumping;
  }

  /** No further try; what waits is given up, and reported so. */
  async end(): Promise<void> {
    this.ended.abort();
    await this.idle();
  }

  private async pump(): Promise<void> {
    // Not in the caller's turn: a send must never run a receiver's code.
    await Promise.resolve();
    for (let notice = this.waiting.shift(); notice; notice = this.waiting.shift()) {
      const dropped = this.dropped;
      this.dropped = 0;
      if (dropped > 0) this.reportDropped(notice, dropped);
      await this.deliver(dropped > 0 ? mentionDropped(notice, dropped) : notice);
    }
    // In the same turn in which the queue was found empty, or a notice added in between would wait for ever.
    this.pumping = undefined;
  }

  private async deliver(notice: QueuedNotice): Promise<void> {
    const { deliver, clock } = this.options;
    const { signal } = this.ended;
    let outcome: Outcome = GIVEN_UP;
    let attempts = 0;
    while (!signal.aborted && attempts < RETRY.attempts) {
      attempts += 1;
      outcome = await deliver(notice, signal);
      if (outcome.ok || !outcome.retry || attempts === RETRY.attempts) break;
      await clock.sleep(this.wait(attempts, outcome.retryAfterMs), signal);
    }
    const endedEarly = signal.aborted && !outcome.ok && attempts < RETRY.attempts && outcome.retry;
    this.report(notice, endedEarly ? GIVEN_UP : outcome, attempts);
  }

  /** Doubles from one second, with up to half of it at random, so that many daemons do not come back at once. */
  private wait(attempts: number, askedMs: number | undefined): number {
    const doubled = Math.min(RETRY.mostMs, RETRY.firstMs * 2 ** (attempts - 1));
    const own = doubled * (1 + this.options.random.next() / 2);
    return Math.max(own, Math.min(askedMs ?? 0, RETRY.mostRetryAfterMs));
  }

  private report(notice: QueuedNotice, outcome: Outcome, attempts: number): void {
    const { channel, report } = this.options;
    const { kind, subject } = notice;
    report({
      type: "notice.sent",
      channel,
      kind,
      subject,
      ok: outcome.ok,
      attempts,
      ...(outcome.ok ? {} : { detail: outcome.detail }),
    });
  }

  private reportDropped(next: QueuedNotice, dropped: number): void {
    const detail = `more than ${MOST_WAITING} were waiting`;
    const subject = `${dropped} older ${dropped === 1 ? "notice was" : "notices were"} dropped`;
    const { channel, report } = this.options;
    report({ type: "notice.sent", channel, kind: next.kind, subject, ok: false, attempts: 0, detail });
  }
}

function mentionDropped(notice: QueuedNotice, dropped: number): QueuedNotice {
  const what = dropped === 1 ? "1 older notice was" : `${dropped} older notices were`;
  return { ...notice, text: `${notice.text}\n(${what} dropped: too many were waiting)` };
}
