import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND, WEEK } from "../../../src/model/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { SeededRandom } from "../../support/random.ts";

const START = Date.UTC(2026, 2, 8, 6);

describe("time passes", () => {
  test("only when it is told to", async () => {
    const clock = new VirtualClock({ startAt: START });
    let woke = false;
    void clock.sleep(1).then(() => {
      woke = true;
    });
    await clock.settle();
    expect([clock.now(), clock.monotonic(), woke, clock.sleeping, clock.nextDueIn()]).toEqual([START, 0, false, 1, 1]);
    await clock.advance(0.5);
    expect(woke).toBe(false);
    await clock.advance(0.5);
    expect([woke, clock.now() - START, clock.sleeping, clock.nextDueIn()]).toEqual([true, 1, 0, undefined]);
  });

  test("sleepers see their own instant, and those whom they start wake within the same advance", async () => {
    const clock = new VirtualClock({ startAt: START });
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 5; i += 1) {
        await clock.sleep(10 * MINUTE);
        seen.push((clock.now() - START) / MINUTE);
      }
    };
    const ended = loop();
    await clock.advance(HOUR);
    await ended;
    expect(seen).toEqual([10, 20, 30, 40, 50]);
    expect(clock.now()).toBe(START + HOUR);
  });

  test("asynchronous code settles before the next sleeper wakes", async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const worker = async (): Promise<void> => {
      await clock.sleep(1000);
      for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < 50; i += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
      seen.push(`first at ${clock.monotonic()}`);
    };
    void worker();
    void clock.sleep(1001).then(() => seen.push(`second at ${clock.monotonic()}`));
    await clock.advance(5000);
    expect(seen).toEqual(["first at 1000", "second at 1001"]);
  });

  test("work outside the thread holds the time when it is given to `during`, also when it fails", async () => {
    const clock = new VirtualClock();
    const { readFile } = await import("node:fs/promises");
    const seen: string[] = [];
    void clock.sleep(1).then(async () => {
      await clock.during(readFile(import.meta.filename));
      await clock
        .during(readFile(`${import.meta.filename}.absent`))
        .catch(() => seen.push(`read at ${clock.monotonic()}`));
    });
    void clock.sleep(2).then(() => seen.push("next"));
    await clock.advance(10);
    expect(seen).toEqual(["read at 1", "next"]);
  });

  test.each([2 ** 31, 2 ** 31 + 1, 52 * WEEK, 2 ** 40])("a sleep of %d ms is neither early nor late", async (ms) => {
    const clock = new VirtualClock({ startAt: START });
    let wokeAt: number | undefined;
    void clock.sleep(ms).then(() => {
      wokeAt = clock.now();
    });
    await clock.advance(ms - 1);
    expect(wokeAt).toBeUndefined();
    await clock.advance(DAY);
    expect(wokeAt).toBe(START + ms);
  });

  test("zero and negative sleeps end at once when time is moved; endless ones never; NaN is a mistake", async () => {
    const clock = new VirtualClock();
    let ended = 0;
    for (const ms of [0, -5]) void clock.sleep(ms).then(() => (ended += 1));
    void clock.sleep(Number.POSITIVE_INFINITY).then(() => (ended += 1));
    await clock.advance(0);
    expect(ended).toBe(2);
    await clock.advance(1e15);
    expect([ended, clock.sleeping, clock.nextDueIn()]).toEqual([2, 1, undefined]);
    expect(() => clock.sleep(Number.NaN)).toThrow(TypeError);
  });

  test("two movers at once are refused, and a failed one lets go", async () => {
    const clock = new VirtualClock();
    const moving = clock.advance(SECOND);
    await expect(clock.advance(SECOND)).rejects.toThrow("already");
    await moving;
    await expect(clock.runUntilTrue(() => false, SECOND)).rejects.toThrow("not true within");
    await clock.advance(SECOND);
    expect(clock.monotonic()).toBe(3 * SECOND);
  });

  test("code that never settles is an error, not a hang", async () => {
    const clock = new VirtualClock();
    let spinning = true;
    const spin = (): void => {
      if (spinning) setImmediate(spin);
    };
    spin();
    await expect(clock.advance(1)).rejects.toThrow("did not settle");
    spinning = false;
    await clock.advance(1);
  });
});

describe("the wall clock", () => {
  test.each([HOUR, -HOUR, DAY, -START, 60 * 365 * DAY])("a step by %d ms moves no sleeper", async (by) => {
    const clock = new VirtualClock({ startAt: START });
    let wokeAt = -1;
    void clock.sleep(MINUTE).then(() => {
      wokeAt = clock.monotonic();
    });
    await clock.advance(30 * SECOND);
    clock.step(by);
    expect([clock.now(), clock.monotonic()]).toEqual([START + 30 * SECOND + by, 30 * SECOND]);
    await clock.advance(29_999);
    expect(wokeAt).toBe(-1);
    await clock.advance(1);
    expect(wokeAt).toBe(MINUTE);
  });

  test("runUntil follows it when it is stepped on the way, and never goes back", async () => {
    const clock = new VirtualClock({ startAt: START });
    void clock.sleep(MINUTE).then(() => clock.step(-HOUR));
    await clock.runUntil(START + 2 * MINUTE);
    expect([clock.now() - START, clock.monotonic()]).toEqual([2 * MINUTE, HOUR + 2 * MINUTE]);
    await clock.runUntil(START);
    expect(clock.monotonic()).toBe(HOUR + 2 * MINUTE);
  });

  test("a frozen process wakes late, once, at the time it thaws", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    for (const ms of [MINUTE, 2 * MINUTE, HOUR]) void clock.sleep(ms).then(() => seen.push(clock.monotonic()));
    clock.freeze(10 * MINUTE);
    expect([seen.length, clock.nextDueIn()]).toEqual([0, 0]);
    await clock.advance(0);
    expect(seen).toEqual([10 * MINUTE, 10 * MINUTE]);
    await clock.advance(HOUR);
    expect(seen[2]).toBe(HOUR);
  });
});

describe("an abort", () => {
  test("ends the sleep at once, without rejecting, and time does not move", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(WEEK, controller.signal);
    controller.abort();
    await expect(sleep).resolves.toBeUndefined();
    await expect(clock.sleep(WEEK, controller.signal)).resolves.toBeUndefined();
    expect([clock.monotonic(), clock.sleeping, clock.nextDueIn()]).toEqual([0, 0, undefined]);
  });

  test("after the waking is nothing, and a woken sleeper leaves no listener behind", async () => {
    const clock = new VirtualClock();
    const { getEventListeners } = await import("node:events");
    const controller = new AbortController();
    for (let i = 0; i < 20; i += 1) void clock.sleep(i, controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(20);
    await clock.advance(100);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    controller.abort();
    expect(clock.sleeping).toBe(0);
  });

  test("of many long sleeps keeps no memory of them", async () => {
    const clock = new VirtualClock();
    for (let i = 0; i < 20_000; i += 1) {
      const controller = new AbortController();
      void clock.sleep(WEEK, controller.signal);
      controller.abort();
    }
    expect(clock.sleeping).toBe(0);
    await clock.advance(2 * WEEK);
    expect(clock.wakes).toBe(0);
  });
});

test("property: everyone wakes exactly when due, in order, whatever the order of falling asleep", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(500), { maxLength: 60 }), fc.nat(), async (delays, seed) => {
      const clock = new VirtualClock({ seed });
      const woken: [delay: number, at: number][] = [];
      for (const delay of delays) void clock.sleep(delay).then(() => woken.push([delay, clock.monotonic()]));
      await clock.advance(1000);
      expect(woken.map(([, at]) => at)).toEqual(delays.toSorted((a, b) => a - b));
      for (const [delay, at] of woken) expect(at).toBe(delay);
      expect(clock.monotonic()).toBe(1000);
    }),
    { numRuns: 60 },
  );
});

test("ties are broken by the seed: the same seed the same order, other seeds others", async () => {
  const order = async (seed: number): Promise<string> => {
    const clock = new VirtualClock({ seed });
    const woken: number[] = [];
    for (let i = 0; i < 12; i += 1) void clock.sleep(7).then(() => woken.push(i));
    await clock.advance(7);
    return woken.join();
  };
  expect(await order(5)).toBe(await order(5));
  expect(new Set(await Promise.all([1, 2, 3, 4, 5].map(order))).size).toBe(5);
});

test("a hundred thousand events take seconds at most, on any machine", async () => {
  const clock = new VirtualClock();
  let events = 0;
  const tick = async (every: number): Promise<void> => {
    for (let i = 0; i < 1000; i += 1) {
      await clock.sleep(every);
      events += 1;
    }
  };
  const all = Promise.all(Array.from({ length: 100 }, (_, i) => tick(1000 + i)));
  const startedAt = performance.now();
  await clock.advance(WEEK);
  await all;
  expect(events).toBe(100_000);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

describe("chance", () => {
  test("is the same for the same seed, and apart for each purpose", () => {
    const draw = (random: SeededRandom): number[] => Array.from({ length: 5 }, () => random.next());
    expect(draw(new SeededRandom(7))).toEqual(draw(new SeededRandom(7)));
    expect(draw(new SeededRandom(7))).not.toEqual(draw(new SeededRandom(8)));
    const parent = new SeededRandom(7);
    parent.next();
    expect(draw(parent.fork("faults"))).toEqual(draw(new SeededRandom(7).fork("faults")));
    expect(draw(parent.fork("faults"))).not.toEqual(draw(parent.fork("latency")));
  });

  test("is uniform enough, in range, and picks every item", () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i += 1) {
      const at = random.below(10);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    let hits = 0;
    for (let i = 0; i < 10_000; i += 1) if (random.chance(0.1)) hits += 1;
    expect(Math.abs(hits - 1000)).toBeLessThan(150);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
    expect(() => random.pick([])).toThrow(RangeError);
  });
});
