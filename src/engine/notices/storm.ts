import { type Clock, MINUTE, type NoticeKind } from "../../model/index.ts";
import type { QueuedNotice } from "./notice.ts";

/** Of one kind, this many in a minute go out one by one; the others of that minute become one digest. */
const ONE_BY_ONE = 20;
const WINDOW_MS: number = MINUTE;
/** Subjects that a digest names. */
const NAMED = 10;

interface Stretch {
  readonly kind: NoticeKind;
  readonly since: number;
  passed: number;
  readonly held: QueuedNotice[];
  leftOut: number;
}

/** Lets notices through, and in a storm gathers them: a thousand failures at once are one thing to read, not a thousand. */
export class Storm {
  private readonly clock: Clock;
  private readonly pass: (notice: QueuedNotice) => void;
  private readonly stretches = new Map<NoticeKind, Stretch>();
  private readonly ended = new AbortController();

  constructor(clock: Clock, pass: (notice: QueuedNotice) => void) {
    this.clock = clock;
    this.pass = pass;
  }

  take(notice: QueuedNotice): void {
    const now = this.clock.monotonic();
    let stretch = this.stretches.get(notice.kind);
    if (!stretch || now - stretch.since >= WINDOW_MS) {
      if (stretch) this.flush(stretch);
      stretch = { kind: notice.kind, since: now, passed: 0, held: [], leftOut: 0 };
      this.stretches.set(notice.kind, stretch);
    }
    if (stretch.passed < ONE_BY_ONE) {
      stretch.passed += 1;
      this.pass(notice);
      return;
    }
    if (stretch.held.length === 0) void this.flushLater(stretch, WINDOW_MS - (now - stretch.since));
    if (stretch.held.length < NAMED) stretch.held.push(notice);
    else stretch.leftOut += 1;
  }

  /** Sends what was gathered now; for the end of the daemon. */
  end(): void {
    for (const stretch of this.stretches.values()) this.flush(stretch);
    this.ended.abort();
  }

  private async flushLater(stretch: Stretch, ms: number): Promise<void> {
    await this.clock.sleep(ms, this.ended.signal);
    this.flush(stretch);
  }

  private flush(stretch: Stretch): void {
    const { kind, leftOut } = stretch;
    const held = stretch.held.splice(0);
    stretch.leftOut = 0;
    const [first] = held;
    const last = held.at(-1);
    if (!first || !last) return;
    if (held.length === 1) {
      this.pass(first);
      return;
    }
    const count = held.length + leftOut;
    const more = leftOut > 0 ? `\n… and ${leftOut} more` : "";
    this.pass({
      kind,
      at: last.at,
      subject: `${count} more notices of ${kind} within a minute`,
      text: `${held.map((notice) => notice.subject).join("\n")}${more}\nSee: rota today, rota runs`,
    });
  }
}
