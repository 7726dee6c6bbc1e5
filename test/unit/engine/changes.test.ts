import { describe, expect, it } from "vitest";
import { HOUR, MINUTE, type RunHandle, SECOND } from "../../../src/model/index.ts";
import { type Provider, ProviderError, wrapProvider } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

/** A vendor that tells of changes when the test does, and counts what it is asked. */
class Teller {
  readonly asked: string[] = [];
  opened = 0;
  failing = false;
  #next: ((handle: RunHandle | undefined) => void) | undefined;
  /** While it is there, listings are on their way. */
  held: Promise<void> | undefined;
  readonly #waiting: RunHandle[] = [];

  readonly around = (inner: Provider): Provider => ({
    ...wrapProvider(inner, async (call, proceed) => {
      this.asked.push(call.method);
      if (call.method === "listRuns") await this.held;
      return proceed();
    }),
    changes: ({ signal } = {}) => this.#tell(signal),
  });

  tell(handle: RunHandle): void {
    this.#waiting.push(handle);
    this.#next?.(undefined);
  }

  count(method: string): number {
    return this.asked.filter((each) => each === method).length;
  }

  async *#tell(signal: AbortSignal | undefined): AsyncIterable<RunHandle> {
    this.opened += 1;
    if (this.failing) throw new ProviderError("denied", "not for you");
    while (signal?.aborted !== true) {
      for (const handle of this.#waiting.splice(0)) yield handle;
      await new Promise<unknown>((resolve) => {
        this.#next = resolve;
        signal?.addEventListener("abort", resolve, { once: true });
      });
    }
  }
}

const hourly = desiredState([job("n", { schedule: cron("0 * * * *") })]);

async function open(): Promise<{ readonly stand: Stand; readonly teller: Teller }> {
  const teller = new Teller();
  const placementOptions = { schedules: "native", intervalSeconds: 10 };
  const stand = await Stand.open({ placementOptions, around: teller.around });
  stand.world.script = () => ({ durationSeconds: 10 * 60 });
  return { stand, teller };
}

describe("a vendor that tells of changes", () => {
  it("has the run looked at at once, and believed by the look alone", async () => {
    const { stand, teller } = await open();
    await stand.start(hourly);
    await stand.clock.advance(HOUR + MINUTE);
    const handle = stand.world.starts[0]?.id ?? "";
    // Between two looks.
    await stand.clock.advance(SECOND);
    const before = teller.count("inspect");
    teller.tell(handle);
    await stand.clock.advance(SECOND);
    expect(teller.count("inspect")).toBe(before + 1);
    expect(await stand.events("run.ended")).toEqual([]);
    await stand.stop();
  });

  it("has the placement listed soon for a run that nobody knows, however often it is told", async () => {
    const { stand, teller } = await open();
    await stand.start(hourly);
    await stand.clock.advance(10 * MINUTE + SECOND);
    const before = teller.count("listRuns");
    for (let index = 0; index < 50; index += 1) teller.tell(`theirs-${index}`);
    await stand.clock.advance(3 * SECOND);
    expect(teller.count("listRuns")).toBe(before + 1);
    expect(await stand.events("run.created")).toEqual([]);
    await stand.stop();
  });

  it("waits for the listing that is under way, then lists again soon", async () => {
    const { stand, teller } = await open();
    await stand.start(hourly);
    await stand.clock.advance(10 * MINUTE);
    const { promise, resolve } = Promise.withResolvers<void>();
    teller.held = promise;
    await stand.clock.advance(16 * SECOND);
    const before = teller.count("listRuns");
    teller.tell("theirs");
    await stand.clock.advance(MINUTE);
    expect(teller.count("listRuns")).toBe(before);
    resolve();
    await stand.clock.advance(3 * SECOND);
    expect(teller.count("listRuns")).toBe(before + 1);
    await stand.clock.advance(5 * SECOND);
    expect(teller.count("listRuns")).toBe(before + 1);
    await stand.stop();
  });

  it("listens again after a minute when it could not, says so once, and lists meanwhile", async () => {
    const { stand, teller } = await open();
    teller.failing = true;
    await stand.start(hourly);
    await stand.clock.advance(HOUR + 11 * MINUTE);
    expect(teller.opened).toBeGreaterThan(60);
    expect(teller.opened).toBeLessThan(75);
    expect(stand.logged.filter((line) => line.includes("changes are not told"))).toHaveLength(1);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["succeeded"]);
    expect(stand.engine.problems()).toEqual([]);
    await stand.stop();
  });

  it("is not listened to once the daemon has ended", async () => {
    const { stand, teller } = await open();
    await stand.start(hourly);
    await stand.stop();
    await stand.clock.advance(10 * MINUTE);
    expect(teller.opened).toBe(1);
  });
});
