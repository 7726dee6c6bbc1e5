import { DAY, type Instant, MINUTE } from "../../../../src/model/index.ts";
import { next, ProviderError } from "../../../../src/provider/index.ts";
import type { Signal, World } from "../../resources/world.ts";
import { readSums } from "../series.ts";
import { Turns } from "../turns.ts";
import { type FunctionFacts, readFacts } from "./facts.ts";
import { SYSTEM_LINES } from "./line.ts";
import { type FunctionCounts, InvocationTable, type LogEvent, verdictOf } from "./table.ts";

/** A log is read again so often; CloudWatch allows few such requests a second. */
const PACE_MS = MINUTE / 2;
/** Lines may come in so late: so much is read again. */
const LATE_MS = 2 * MINUTE;
/** Pages read at a time (a page has up to 1 MB or 10,000 lines, or nothing where CloudWatch still searches). */
const MOST_PAGES = 60;
const FACTS_KEPT_MS = 10 * MINUTE;
/** CloudWatch has counted an invocation so long after its end; and if it has not after the other, it will not. */
const COUNTED_MS = 2 * MINUTE;
const UNCOUNTED_MS = 15 * MINUTE;
/** Counts of older minutes are not kept one by one. */
const COUNTS_KEPT_MS = 14 * DAY;
/** A group that is not there is nothing new where nobody invoked the function: whether somebody did is asked so often, of so long. */
const INVOKED_PACE_MS = 10 * MINUTE;
const INVOKED_MS = 60 * MINUTE;
/** What has ended is remembered for so long beyond what is asked for. */
const REMEMBERED_MS = 2 * 60 * MINUTE;

/** A reading that is not at its end: where to go on. */
interface Cursor {
  readonly from: Instant;
  readonly to: Instant;
  readonly token: string | undefined;
}

export interface Known {
  /** Undefined: there is no such function, and nothing is known. */
  readonly facts: FunctionFacts | undefined;
  readonly table: InvocationTable;
  readonly upTo: Instant;
  /** Why the log tells nothing of what the function does; undefined: it does. */
  readonly silent: string | undefined;
}

/** What a function's log tells, read on from where it stood; what was read is kept while the daemon runs. */
export class FunctionLog {
  readonly #world: World;
  readonly #arn: string;
  /** Nothing after it is looked for. */
  readonly #until: Instant;
  readonly #turns = new Turns();
  #table = new InvocationTable();
  #facts: { readonly at: Instant; readonly known: FunctionFacts | undefined } | undefined;
  #from = Number.POSITIVE_INFINITY;
  /** All lines until then have been read. */
  #upTo = 0;
  #readAt = 0;
  #cursor: Cursor | undefined;
  #hasGroup = true;
  /** Of a function without a group. */
  #invoked: { readonly at: Instant; readonly isInvoked: boolean } | undefined;

  constructor(world: World, arn: string, until: Instant = Number.POSITIVE_INFINITY) {
    this.#world = world;
    this.#arn = arn;
    this.#until = until;
  }

  /** What began then is in what has been read, or will be. */
  reaches(since: Instant): boolean {
    return since >= this.#from || this.#from === Number.POSITIVE_INFINITY;
  }

  /** All that began since then. */
  read(since: Instant, signal: Signal): Promise<Known> {
    return this.#turns.take(() => this.#read(since, signal));
  }

  /** Nobody asks for what began before then; a little more is kept, or what is asked next would be read anew. */
  forget(since: Instant): void {
    if (this.#cursor !== undefined || this.#from === Number.POSITIVE_INFINITY) return;
    this.#from = Math.max(this.#from, since - REMEMBERED_MS);
    this.#table.forget(this.#from);
  }

  async #read(since: Instant, signal: Signal): Promise<Known> {
    const facts = await this.#factsOf(signal);
    const now = this.#world.clock.now();
    if (facts && (since < this.#from || this.#cursor !== undefined || now - this.#readAt >= PACE_MS)) {
      if (since < this.#from) this.#begin(since);
      await this.#lines(facts, now, signal);
      await this.#count(facts, now, signal);
      this.#readAt = now;
    }
    return { facts, table: this.#table, upTo: this.#upTo, silent: facts && (await this.#silent(facts, now, signal)) };
  }

  async #silent(
    { name, logGroup, isLogged }: FunctionFacts,
    now: Instant,
    signal: Signal,
  ): Promise<string | undefined> {
    if (!isLogged) return `${name} is told to log warnings alone (SystemLogLevel), and so not its runs`;
    if (this.#hasGroup) {
      this.#invoked = undefined;
      return undefined;
    }
    if (!this.#invoked || now - this.#invoked.at >= INVOKED_PACE_MS) {
      const minute = Math.floor(now / MINUTE) * MINUTE;
      const dimension = ["FunctionName", name] as const;
      const metric = { id: "invoked", namespace: "AWS/Lambda", name: "Invocations", dimension };
      const sums = await readSums(this.#world.api, [metric], { from: minute - INVOKED_MS, to: minute }, signal);
      this.#invoked = { at: now, isInvoked: (sums.get(metric.id)?.size ?? 0) > 0 };
    }
    return this.#invoked.isInvoked ? `${name} is invoked and its log group ${logGroup} is not there` : undefined;
  }

  async #factsOf(signal: Signal): Promise<FunctionFacts | undefined> {
    const now = this.#world.clock.now();
    if (!this.#facts || now - this.#facts.at > FACTS_KEPT_MS)
      this.#facts = { at: now, known: await readFacts(this.#world.api, this.#arn, signal) };
    return this.#facts.known;
  }

  #begin(since: Instant): void {
    this.#table = new InvocationTable();
    this.#from = since;
    this.#upTo = since;
    this.#cursor = undefined;
  }

  async #lines(facts: FunctionFacts, now: Instant, signal: Signal): Promise<void> {
    let cursor = this.#cursor ?? {
      from: Math.max(this.#from, this.#upTo - LATE_MS),
      to: Math.min(now, this.#until),
      token: undefined,
    };
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { events, token } = await this.#page(facts, cursor, signal);
      this.#table.add(events);
      if (token === undefined) {
        this.#cursor = undefined;
        this.#upTo = cursor.to;
        return;
      }
      if (token === cursor.token) throw new ProviderError("unavailable", "logs:FilterLogEvents: the same page twice");
      cursor = { ...cursor, token };
      this.#cursor = cursor;
    }
    throw new ProviderError(
      "unavailable",
      `the log of ${facts.name} is long: it is being read, and its runs are listed when that is done`,
      { fix: "leave runs: log out for a function that others invoke so often" },
    );
  }

  async #page(
    { name, logGroup, isGroupNamed }: FunctionFacts,
    { from, to, token }: Cursor,
    signal: Signal,
  ): Promise<{ readonly events: readonly LogEvent[]; readonly token: string | undefined }> {
    const span = { startTime: Math.max(0, Math.floor(from)), endTime: Math.floor(to) };
    const request = { logGroupName: logGroup, filterPattern: SYSTEM_LINES, ...span, ...next("nextToken", token) };
    try {
      const page = await this.#world.api.send("logs:FilterLogEvents", request, signal);
      this.#hasGroup = true;
      const events = (page.events ?? []).flatMap(({ timestamp, logStreamName: stream = "", message = "" }) =>
        timestamp === undefined || (isGroupNamed && !stream.includes(`/${name}[`))
          ? []
          : [{ at: timestamp, stream, message }],
      );
      return { events: events.sort((a, b) => a.at - b.at), token: page.nextToken || undefined };
    } catch (error) {
      // A function that never ran has no group.
      if (error instanceof ProviderError && error.code === "missing" && token === undefined) {
        this.#hasGroup = false;
        return { events: [], token: undefined };
      }
      this.#cursor = undefined;
      throw error;
    }
  }

  /** As text, a log does not say that a function failed: CloudWatch counts it, by the minute in which it began. */
  async #count({ name }: FunctionFacts, now: Instant, signal: Signal): Promise<void> {
    const minutes = [...new Set(this.#table.untold(now - COUNTED_MS).map(minuteOf))].sort((a, b) => a - b);
    if (minutes.length === 0) return;
    const counts = await this.#counts(name, minutes, now, signal);
    for (const minute of minutes) {
      this.#table.judge(minute, (attempts) => {
        const verdict = verdictOf(attempts, counts(minute));
        const isOver = attempts.every(({ end }) => end !== undefined && end.at <= now - UNCOUNTED_MS);
        return verdict === "untold" && isOver ? "lost" : verdict;
      });
    }
  }

  async #counts(
    name: string,
    minutes: readonly Instant[],
    now: Instant,
    signal: Signal,
  ): Promise<(minute: Instant) => FunctionCounts> {
    const kept = minutes.filter((minute) => minute > now - COUNTS_KEPT_MS);
    const [first] = kept;
    if (first === undefined) return () => ({ invoked: 0, failed: 0 });
    const metric = (id: string, metricName: string) =>
      ({ id, namespace: "AWS/Lambda", name: metricName, dimension: ["FunctionName", name] }) as const;
    const metrics = [metric("invoked", "Invocations"), metric("failed", "Errors")];
    const span = { from: first, to: (kept.at(-1) ?? first) + MINUTE };
    const sums = await readSums(this.#world.api, metrics, span, signal);
    const [invoked, failed] = metrics.map(({ id }) => sums.get(id));
    return (minute) => ({ invoked: invoked?.get(minute) ?? 0, failed: failed?.get(minute) ?? 0 });
  }
}

function minuteOf({ startedAt }: { readonly startedAt: Instant }): Instant {
  return Math.floor(startedAt / MINUTE) * MINUTE;
}
