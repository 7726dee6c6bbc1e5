import type { Instant } from "../../../../src/model/index.ts";
import type { StartMark } from "../../work/index.ts";
import { type Line, readLine, readPrinted } from "./line.ts";

/** One attempt at an invocation: Lambda tries one that failed again, under the same id. */
export interface Attempt {
  readonly stream: string;
  readonly startedAt: Instant;
  readonly end?: {
    readonly at: Instant;
    readonly billedMs?: number;
    readonly memoryBytes?: number;
    /** `untold`: not yet, and `lost`: for good. */
    readonly verdict: "succeeded" | "failed" | "untold" | "lost";
    readonly reason?: string;
  };
}

export interface Invocation {
  /** Of the request: the same for all its attempts. */
  readonly id: string;
  /** In the order of their starts; never empty. */
  readonly attempts: readonly Attempt[];
  /** Where the function printed it. */
  readonly mark?: StartMark;
}

export interface LogEvent {
  readonly at: Instant;
  readonly stream: string;
  readonly message: string;
}

/** What a function's log tells of its invocations, however often a line of it is read. */
export class InvocationTable {
  readonly #byId = new Map<string, Invocation>();

  [Symbol.iterator](): Iterator<Invocation> {
    return this.#byId.values();
  }

  get(id: string): Invocation | undefined {
    return this.#byId.get(id);
  }

  /** Events in the order of time. */
  add(events: readonly LogEvent[]): void {
    for (const event of events) {
      const line = readLine(event.message);
      if (line === undefined) this.#mark(event);
      else this.#add(event, line);
    }
  }

  #add({ at, stream }: LogEvent, line: Line): void {
    const { attempts = [], ...known } = this.#byId.get(line.id) ?? {};
    if (line.kind === "start") {
      if (attempts.some((each) => each.stream === stream && each.startedAt === at)) return;
      const all = [...attempts, { stream, startedAt: at }].sort((a, b) => a.startedAt - b.startedAt);
      this.#byId.set(line.id, { ...known, id: line.id, attempts: all });
      return;
    }
    if (attempts.some(({ end, ...each }) => each.stream === stream && end?.at === at)) return;
    const { kind: _kind, id, durationMs, ...told } = line;
    const index = attempts.findLastIndex((each) => each.stream === stream && each.startedAt <= at && !each.end);
    // Where the reading begins in the middle of it, the report still says how long it took.
    const begun = attempts[index] ?? { stream, startedAt: Math.round(at - durationMs) };
    const ended = { ...begun, end: { at, ...told } };
    this.#byId.set(id, { ...known, id, attempts: index < 0 ? [...attempts, ended] : attempts.with(index, ended) });
  }

  /** An instance of a function does one thing at a time: what it prints is of the attempt that is under way. */
  #mark({ at, stream, message }: LogEvent): void {
    const mark = readPrinted(message);
    if (mark === undefined) return;
    for (const invocation of this.#byId.values()) {
      const isIts = invocation.attempts.some(
        (each) => each.stream === stream && each.startedAt <= at && at <= (each.end?.at ?? at),
      );
      if (isIts && invocation.mark === undefined) this.#byId.set(invocation.id, { ...invocation, mark });
    }
  }

  /** Attempts that ended, and of which the log does not say how, until this. */
  untold(until: Instant): readonly Attempt[] {
    return [...this.#byId.values()].flatMap(({ attempts }) =>
      attempts.filter(({ end }) => end?.verdict === "untold" && end.at <= until),
    );
  }

  /** Takes over what became of the attempts that started within the minute. */
  judge(minute: Instant, verdict: (attempts: readonly Attempt[]) => NonNullable<Attempt["end"]>["verdict"]): void {
    const within = ({ startedAt }: Attempt): boolean => startedAt >= minute && startedAt < minute + 60_000;
    const all = [...this.#byId.values()].flatMap(({ attempts }) => attempts.filter(within));
    const told = verdict(all);
    if (told === "untold") return;
    for (const invocation of [...this.#byId.values()]) {
      if (!invocation.attempts.some((each) => within(each) && each.end?.verdict === "untold")) continue;
      const attempts = invocation.attempts.map((each) =>
        within(each) && each.end?.verdict === "untold" ? { ...each, end: { ...each.end, verdict: told } } : each,
      );
      this.#byId.set(invocation.id, { ...invocation, attempts });
    }
  }

  /** Forgets what has ended before. */
  forget(before: Instant): void {
    for (const { id, attempts } of [...this.#byId.values()]) {
      const last = attempts.at(-1);
      if ((last?.end?.at ?? last?.startedAt ?? 0) < before) this.#byId.delete(id);
    }
  }
}

/** What CloudWatch counted of the invocations that began within a minute and have ended. */
export interface FunctionCounts {
  readonly invoked: number;
  readonly failed: number;
}

/**
 * What became of the attempts of a minute of which the log does not say it: the same for all of them, or `lost`, where
 * some failed and some did not. `untold` where fewer are counted than are known to have ended.
 */
export function verdictOf(
  attempts: readonly Attempt[],
  { invoked, failed }: FunctionCounts,
): NonNullable<Attempt["end"]>["verdict"] {
  const ended = attempts.flatMap(({ end }) => (end ? [end.verdict] : []));
  if (invoked < ended.length) return "untold";
  const failures = failed - ended.filter((each) => each === "failed").length;
  const successes = invoked - failed - ended.filter((each) => each === "succeeded").length;
  if (failures <= 0) return "succeeded";
  return successes <= 0 ? "failed" : "lost";
}
