import { describe, expect, it } from "vitest";
import { MemoryWorld, openMemory } from "../../../providers/memory/index.ts";
import { DEFAULT_RETRY, type ProviderError, type ProviderErrorCode, withRetry } from "../../../src/provider/index.ts";
import { requestFor, type Subject } from "../../conformance/subject.ts";
import { VirtualClock } from "../../support/clock.ts";
import { NOW } from "../../support/jobs.ts";
import { command } from "../../support/machine.ts";
import { SeededRandom } from "../../support/random.ts";

function stand() {
  const clock = new VirtualClock();
  const world = new MemoryWorld(clock);
  const random = new SeededRandom(1);
  const owner = { namespace: "acme", environment: "dev" };
  const inner = openMemory(
    { placement: "m", options: {}, ...owner, stateDir: "/x", baseDir: "/x", clock, random, env: {}, log: () => {} },
    world,
  );
  const calls: { method: string; at: number }[] = [];
  /** Fails so many times in a row, then works. */
  const fail = (code: ProviderErrorCode, times: number, more: { retryAfterMs?: number } = {}): void => {
    let left = times;
    world.fault = ({ method }) => {
      calls.push({ method, at: clock.monotonic() });
      left -= 1;
      return left >= 0 ? { error: { code, ...more } } : undefined;
    };
  };
  const provider = withRetry(inner, DEFAULT_RETRY, clock, random);
  const settled = async <T>(work: Promise<T>): Promise<T | ProviderErrorCode> => {
    const answer = work.catch((error: ProviderError) => error.code);
    await clock.advance(120_000);
    return answer;
  };
  const request = requestFor({ owner, provider } as Subject, "r", command("true"));
  return { clock, provider, calls, fail, settled, request };
}

describe("a call that fails in passing", () => {
  it.each(["throttled", "unavailable"] as const)(
    "is made again after %s, later each time, with a bound",
    async (code) => {
      const { provider, calls, fail, settled } = stand();
      fail(code, 3);
      expect(await settled(provider.listRuns(0))).toEqual([]);
      expect(calls).toHaveLength(4);
      const waits = calls.slice(1).map((call, index) => call.at - (calls[index]?.at ?? 0));
      waits.forEach((wait, index) => {
        expect(wait).toBeLessThanOrEqual(DEFAULT_RETRY.baseMs * 2 ** index);
        expect(wait).toBeGreaterThanOrEqual((DEFAULT_RETRY.baseMs * 2 ** index) / 2);
      });
      fail(code, 100);
      expect(await settled(provider.listRuns(0))).toBe(code);
      expect(calls).toHaveLength(8);
    },
  );

  it.each(["missing", "exists", "denied", "invalid", "conflict", "unsupported", "internal"] as const)(
    "is not made again after %s",
    async (code) => {
      const { provider, calls, fail, settled } = stand();
      fail(code, 1);
      expect(await settled(provider.listRuns(0))).toBe(code);
      expect(calls).toHaveLength(1);
    },
  );

  it("waits as long as the provider asked, and not at all when that is too long", async () => {
    const { provider, calls, fail, settled } = stand();
    fail("throttled", 1, { retryAfterMs: 10_000 });
    await settled(provider.find("r"));
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBe(10_000);
    fail("throttled", 1, { retryAfterMs: 3_600_000 });
    expect(await settled(provider.find("r"))).toBe("throttled");
    expect(calls).toHaveLength(3);
  });

  it.each([
    ["start", "unavailable", 1],
    ["start", "throttled", 2],
    ["setPaused", "unavailable", 2],
    ["apply", "unavailable", 1],
    ["apply", "throttled", 2],
  ] as const)("%s after %s is made %i times", async (method, code, times) => {
    const { provider, calls, fail, settled, request } = stand();
    fail(code, 1);
    const desired = provider.render({ job: request.job }, NOW).resources[0];
    if (!desired) throw new Error("nothing rendered");
    const work = {
      start: () => provider.start(request),
      setPaused: () => provider.setPaused("job", true, "test"),
      apply: () => provider.apply({ action: "create", desired, why: "test" }),
    }[method];
    await settled<unknown>(work());
    expect(calls.map((call) => call.method)).toEqual(Array(times).fill(method));
  });

  it("is given up when the caller gives up", async () => {
    const { clock, provider, calls, fail } = stand();
    fail("unavailable", 100);
    const stop = new AbortController();
    const work = provider.listRuns(0, { signal: stop.signal }).catch((error: ProviderError) => error.code);
    await clock.advance(50);
    stop.abort();
    await clock.settle();
    expect(await work).toBe("unavailable");
    expect(calls).toHaveLength(1);
  });
});
