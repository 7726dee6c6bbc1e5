import { type Instant, MINUTE } from "../../../src/model/index.ts";

/** What EventBridge counted of one rule in one minute. */
export interface MinuteCounts {
  readonly matched: number;
  /** Requests that came to an end, one way or the other. */
  readonly invoked: number;
  /** Those of them that were given up. */
  readonly failed: number;
}

/** A start of rota's own: the first event from then on that nothing else accounts for. */
export interface OwnStart {
  readonly run: string;
  readonly at: Instant;
}

/** One event that a rule matched, and what became of its request, as far as the counts tell. */
export interface Delivery {
  /** The minute of the event; `nth` of it, from 0. */
  readonly at: Instant;
  readonly nth: number;
  readonly run?: string;
  readonly end?: {
    readonly outcome: "succeeded" | "failed" | "lost";
    /** The minute in which EventBridge counted it. */
    readonly at: Instant;
    readonly reason?: string;
  };
}

interface End {
  readonly at: Instant;
  readonly isGivenUp: boolean;
}

/** EventBridge goes on with a request for so long at most (`maximumEventAgeSeconds` of the rule), and counts it a little later. */
const MOST_MS = 12 * MINUTE;
const GIVEN_UP =
  "EventBridge gave the request up: the endpoint did not take it in time (what it answered is told to nobody)";
const SILENT = "EventBridge counts the event, and not what became of its request";

/**
 * The events of a rule, oldest first, by what EventBridge counted in each minute. A count has no identity: where
 * requests that were on their way at the same time came to different ends, which came to which is not told, and is not
 * guessed. `upTo`: nothing is known of minutes from then on; `from`: nor of those before.
 */
export function deliveriesOf(
  counts: ReadonlyMap<Instant, MinuteCounts>,
  starts: readonly OwnStart[],
  upTo: Instant,
  from: Instant = Number.NEGATIVE_INFINITY,
): readonly Delivery[] {
  const done: Delivery[] = [];
  let open: readonly Delivery[] = [];
  let ends: readonly End[] = [];
  /** A pause so long that nothing from before the reading is on its way any more. */
  let isWhole = false;
  let latest = from;
  /** What is open for longer than EventBridge tries has ended, whether that was counted or not. */
  const expire = (now: Instant): void => {
    for (const event of open) {
      if (event.at + MOST_MS >= now) return;
      const mine = ends.filter(({ at }) => at >= event.at && at <= event.at + MOST_MS);
      done.push({ ...event, end: endOf(mine, mine[0]?.at ?? event.at) });
      open = open.slice(1);
      ends = ends.slice(mine.length > 0 ? 1 : 0);
    }
  };
  for (const [at, { matched, invoked, failed }] of [...counts].sort(([a], [b]) => a - b)) {
    if (at >= upTo) break;
    expire(at);
    if (at - latest > MOST_MS) isWhole = true;
    latest = at;
    ends = [...ends, ...Array.from({ length: Math.max(invoked, failed) }, (_, i) => ({ at, isGivenUp: i < failed }))];
    // Where more ended than began, the first were on their way when the reading began, as long as that may be.
    if (!isWhole) ends = ends.slice(Math.max(0, ends.length - open.length - matched));
    // A request ends after its event: otherwise the event itself was not counted.
    const begun = Math.max(matched, ends.length - open.length);
    open = [...open, ...Array.from({ length: begun }, (_, nth) => ({ at, nth }))];
    if (ends.length < open.length) continue;
    // All that were on their way have ended: each as all of them did.
    const all = ends;
    done.push(...open.map((event, index) => ({ ...event, end: endOf(all, all[index]?.at ?? at) })));
    [open, ends] = [[], []];
  }
  expire(upTo);
  return assign([...done, ...open], starts);
}

function endOf(ends: readonly End[], at: Instant): NonNullable<Delivery["end"]> {
  const givenUp = ends.filter(({ isGivenUp }) => isGivenUp).length;
  if (ends.length === 0) return { outcome: "lost", at, reason: SILENT };
  if (givenUp === 0) return { outcome: "succeeded", at };
  if (givenUp === ends.length) return { outcome: "failed", at, reason: GIVEN_UP };
  const reason = `of ${ends.length} requests that were on their way together EventBridge gave up ${givenUp}: which, it does not tell`;
  return { outcome: "lost", at, reason };
}

/** Whose events are rota's own: an event bears the minute in which it was put, or the next. */
function assign(deliveries: readonly Delivery[], starts: readonly OwnStart[]): readonly Delivery[] {
  const runs = new Map<number, string>();
  for (const { run, at } of [...starts].sort((a, b) => a.at - b.at)) {
    const from = Math.floor(at / MINUTE) * MINUTE;
    const index = deliveries.findIndex((each, i) => each.at >= from && each.at <= from + MINUTE && !runs.has(i));
    if (index >= 0) runs.set(index, run);
  }
  return deliveries.map((each, index) => {
    const run = runs.get(index);
    return run === undefined ? each : { ...each, run };
  });
}
