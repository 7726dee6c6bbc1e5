import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deliveriesOf, type MinuteCounts } from "../../../../providers/aws/runs/delivery.ts";
import { HOUR, MINUTE } from "../../../../src/model/index.ts";

/** What was counted: minute → matched, invoked, failed. */
type Counted = Readonly<Record<number, readonly [matched: number, invoked: number, failed: number]>>;

function countsOf(counted: Counted): ReadonlyMap<number, MinuteCounts> {
  return new Map(
    Object.entries(counted).map(([minute, [matched, invoked, failed]]) => [
      Number(minute) * MINUTE,
      { matched, invoked, failed },
    ]),
  );
}

/** `0 succeeded 0`, minute by minute: the event's, what it came to, and when. */
function told(counted: Counted, upTo = 60): readonly string[] {
  return deliveriesOf(countsOf(counted), [], upTo * MINUTE).map(({ at, end }) =>
    [at / MINUTE, end?.outcome ?? "open", ...(end ? [end.at / MINUTE] : [])].join(" "),
  );
}

describe("what a rule's counts tell of its requests", () => {
  it.each<[string, Counted, readonly string[]]>([
    ["delivered at once", { 0: [1, 1, 0] }, ["0 succeeded 0"]],
    ["delivered by a later try", { 0: [1, 0, 0], 4: [0, 1, 0] }, ["0 succeeded 4"]],
    ["given up after ten minutes", { 0: [1, 0, 0], 10: [0, 1, 1] }, ["0 failed 10"]],
    ["two at a time, both delivered", { 0: [2, 1, 0], 1: [0, 1, 0] }, ["0 succeeded 0", "0 succeeded 1"]],
    ["two at a time, of which one was given up: which is not told", { 0: [2, 2, 1] }, ["0 lost 0", "0 lost 0"]],
    ["one after the other, each by itself", { 0: [1, 1, 1], 5: [1, 1, 0] }, ["0 failed 0", "5 succeeded 5"]],
    ["an end that was never counted", { 0: [1, 0, 0], 30: [1, 1, 0] }, ["0 lost 0", "30 succeeded 30"]],
    ["an event that was never counted", { 3: [0, 1, 0] }, ["3 succeeded 3"]],
    ["a failure that is in no other count", { 3: [1, 0, 1] }, ["3 failed 3"]],
  ])("%s", (_what, counted, expected) => {
    expect(told(counted)).toEqual(expected);
  });

  it("a job of every minute whose endpoint is down: each ends when its own time is over", () => {
    const counted = Object.fromEntries(
      Array.from({ length: 40 }, (_, minute) => [minute, [1, minute < 10 ? 0 : 1, minute < 10 ? 0 : 1] as const]),
    );
    const all = told(counted, 40);
    expect(all).toHaveLength(40);
    expect(all.slice(0, 27)).toEqual(Array.from({ length: 27 }, (_, minute) => `${minute} failed ${minute + 10}`));
    expect(all.slice(-10).every((each) => each.endsWith("open"))).toBe(true);
  });

  it("where a reading begins among requests that end a minute later, none is invented when they are over", () => {
    const counted = countsOf(
      Object.fromEntries(Array.from({ length: 31 }, (_, at) => [at + 30, [at < 30 ? 1 : 0, 1, 0] as const])),
    );
    const read = (from?: number) => deliveriesOf(counted, [], 2 * HOUR, from).map(({ at }) => at / MINUTE);
    expect(read(30 * MINUTE)).toEqual(Array.from({ length: 30 }, (_, at) => at + 30));
    // After a pause it is known that none was on its way: then an event was not counted.
    expect(read(17 * MINUTE)).toEqual(Array.from({ length: 31 }, (_, at) => at + 30));
  });

  it("what is not known yet is on its way, and minutes beyond what was read do not count", () => {
    expect(told({ 0: [1, 0, 0] }, 5)).toEqual(["0 open"]);
    expect(told({ 0: [1, 0, 0], 5: [1, 2, 0] }, 5)).toEqual(["0 open"]);
  });

  it("an event of the minute of rota's own start, or the next, is rota's; each is accounted for once", () => {
    const starts = [
      { run: "b", at: 3.2 * MINUTE },
      { run: "a", at: 0.9 * MINUTE },
      { run: "none", at: 20 * MINUTE },
    ];
    const counted: Counted = { 0: [1, 1, 0], 1: [1, 1, 0], 3: [1, 1, 0], 5: [1, 1, 0] };
    const runs = deliveriesOf(countsOf(counted), starts, HOUR).map(({ at, run }) => [at / MINUTE, run]);
    expect(runs).toEqual([
      [0, "a"],
      [1, undefined],
      [3, "b"],
      [5, undefined],
    ]);
  });

  it("loses and invents no event that was counted, ends none before it began, and tells nothing otherwise later", () => {
    const minute = fc.tuple(fc.nat(2), fc.nat(2), fc.boolean());
    fc.assert(
      fc.property(fc.array(minute, { maxLength: 30 }), fc.nat(30), (minutes, cut) => {
        const counts = new Map(
          minutes.map(([matched, invoked, all], at) => [
            at * MINUTE,
            { matched, invoked, failed: all ? invoked : 0 } satisfies MinuteCounts,
          ]),
        );
        const whole = deliveriesOf(counts, [], 2 * HOUR);
        const matched = minutes.reduce((sum, [count]) => sum + count, 0);
        expect(whole.length).toBeGreaterThanOrEqual(matched);
        expect(whole.every(({ at, end }) => end !== undefined && end.at >= at)).toBe(true);
        const early = deliveriesOf(counts, [], cut * MINUTE);
        const key = ({ at, nth }: { at: number; nth: number }) => `${at} ${nth}`;
        const later = new Map(whole.map((each) => [key(each), each]));
        for (const each of early) expect(later.get(key(each))).toEqual({ ...later.get(key(each)), ...each });
      }),
    );
  });
});
