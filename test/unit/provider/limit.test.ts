import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLimiter, ProviderError, withLimit } from "../../../src/provider/index.ts";
import { openMemorySubject } from "../../conformance/memory.ts";
import { VirtualClock } from "../../support/clock.ts";

describe("a limiter", () => {
  it("never has more calls under way than allowed, nor more begun than the bucket gives, and serves all in order", async () => {
    const shape = fc.record({
      concurrency: fc.integer({ min: 1, max: 5 }),
      perSecond: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 1, max: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 30 }),
        async (limits, lengths) => {
          const clock = new VirtualClock();
          const limiter = createLimiter(limits, clock);
          const begun: number[] = [];
          const order: number[] = [];
          let under = 0;
          let most = 0;
          const all = lengths.map((ms, index) =>
            limiter.run(undefined, async () => {
              begun.push(clock.monotonic());
              order.push(index);
              under += 1;
              most = Math.max(most, under);
              await clock.sleep(ms);
              under -= 1;
            }),
          );
          await clock.advance(60_000);
          await Promise.all(all);
          expect(most).toBeLessThanOrEqual(limits.concurrency);
          expect(order).toEqual([...order].sort((a, b) => a - b));
          begun.forEach((at, index) => {
            const within = begun.slice(0, index + 1).filter((other) => at - other < 1000).length;
            expect(within).toBeLessThanOrEqual(limits.burst + limits.perSecond + 1);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("holds everybody back when the provider says so", async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ concurrency: 5, perSecond: 1000, burst: 1000 }, clock);
    const throttled = new ProviderError("throttled", "slow down", { retryAfterMs: 30_000 });
    await expect(limiter.run(undefined, () => Promise.reject(throttled))).rejects.toBe(throttled);
    let at = 0;
    const next = limiter.run(undefined, async () => {
      at = clock.monotonic();
    });
    await clock.advance(60_000);
    await next;
    expect(at).toBeGreaterThanOrEqual(30_000);
  });

  it("lets a waiting call go when its caller gives up, and the others keep their turn", async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ concurrency: 1, perSecond: 1000, burst: 1000 }, clock);
    const stop = new AbortController();
    const first = limiter.run(undefined, () => clock.sleep(1000));
    const second = limiter.run(stop.signal, async () => "ran").catch((error: ProviderError) => error.code);
    const third = limiter.run(undefined, async () => clock.monotonic());
    await clock.settle();
    stop.abort();
    expect(await second).toBe("unavailable");
    await clock.advance(2000);
    await first;
    expect(await third).toBe(1000);
  });

  it("is shared by the providers of one account", async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ concurrency: 1, perSecond: 1, burst: 1 }, clock);
    const subject = await openMemorySubject();
    const providers = [withLimit(subject.provider, limiter), withLimit(subject.provider, limiter)];
    const at: number[] = [];
    const calls = providers.map((provider) => provider.listRuns(0).then(() => at.push(clock.monotonic())));
    await clock.advance(5000);
    await Promise.all(calls);
    expect(at[0]).toBe(0);
    expect(at[1]).toBeGreaterThanOrEqual(1000);
  });
});
