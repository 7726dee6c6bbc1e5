import { describe, expect, it } from "vitest";
import { createLimiter, createSend, ProviderError, type ProviderErrorCode } from "../../../src/provider/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { SeededRandom } from "../../support/random.ts";

const LIMITS = { concurrency: 4, perSecond: 1000, burst: 1000 };

function world() {
  const clock = new VirtualClock();
  const send = createSend(clock, new SeededRandom(1));
  const limiter = createLimiter(LIMITS, clock);
  const classify = (error: unknown): ProviderError => error as ProviderError;
  /** Fails with each of the codes, then answers; the answer says how many requests left. */
  const request = (codes: readonly ProviderErrorCode[], repeatable: boolean, retryAfterMs?: number) => {
    let sent = 0;
    const options = retryAfterMs === undefined ? {} : { retryAfterMs };
    return send({ repeatable, limiter, signal: undefined, classify }, async () => {
      const code = codes[sent];
      sent += 1;
      if (code !== undefined) throw new ProviderError(code, `number ${sent}`, options);
      return sent;
    });
  };
  return { clock, request };
}

async function settled<T>(clock: VirtualClock, work: Promise<T>): Promise<T | ProviderError> {
  const caught = work.catch((error: ProviderError) => error);
  await clock.advance(600_000);
  return caught;
}

describe("send", () => {
  it.each<[readonly ProviderErrorCode[], boolean, number]>([
    [["throttled", "throttled"], false, 3],
    [["unavailable", "throttled"], true, 3],
    [[], false, 1],
  ])("%j, repeatable %s: answers after %i requests", async (codes, repeatable, count) => {
    const { clock, request } = world();
    expect(await settled(clock, request(codes, repeatable))).toBe(count);
  });

  it.each<[ProviderErrorCode, boolean]>([
    ["unavailable", false],
    ["denied", true],
    ["missing", true],
    ["conflict", true],
    ["invalid", true],
  ])("%s, repeatable %s: thrown at once", async (code, repeatable) => {
    const { clock, request } = world();
    expect(await settled(clock, request([code], repeatable))).toMatchObject({ code, message: "number 1" });
  });

  it("gives up after eight", async () => {
    const { clock, request } = world();
    const answer = await settled(clock, request(Array<ProviderErrorCode>(20).fill("throttled"), false));
    expect(answer).toMatchObject({ code: "throttled", message: "number 8" });
  });

  it("a throttled request holds back the others of its quota, for as long as the vendor says", async () => {
    const { clock, request } = world();
    const startedAt = clock.monotonic();
    const first = request(["throttled"], false, 7000);
    await clock.advance(1);
    const second = request([], false).then(() => clock.monotonic() - startedAt);
    await clock.advance(60_000);
    expect(await first).toBe(2);
    expect(await second).toBeGreaterThanOrEqual(7000);
  });

  it("waits not longer than two minutes in all", async () => {
    const { clock, request } = world();
    expect(await settled(clock, request(["throttled"], false, 121_000))).toMatchObject({ code: "throttled" });
  });
});
