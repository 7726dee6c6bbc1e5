import type { Instant } from "../../src/model/index.ts";
import { desiredOf } from "../../src/provider/index.ts";
import { fires } from "../../src/schedule/index.ts";
import type { MemoryWorld } from "./world.ts";

/**
 * The vendor's own scheduler: what is deployed on a placement fires by the world's time, whether a daemon is there or
 * not. Nothing ticks: the fires that have become due happen when somebody looks, or changes something, at the
 * instants at which they were due.
 */
export class NativeScheduler {
  readonly #world: MemoryWorld;
  readonly #placement: string;
  readonly #nativeTimeLimit: boolean;
  #firedUpTo: Instant;

  constructor(world: MemoryWorld, placement: string, nativeTimeLimit: boolean) {
    this.#world = world;
    this.#placement = placement;
    this.#nativeTimeLimit = nativeTimeLimit;
    this.#firedUpTo = world.now();
  }

  /** To be called before anything changes, so that what is deployed now is what stood all the time since. */
  advance(): void {
    const now = this.#world.now();
    const from = this.#firedUpTo + 1;
    if (now < from) return;
    this.#firedUpTo = now;
    const due = this.#world.resources(this.#placement).flatMap((held) => {
      const desired = held.paused ? undefined : desiredOf(held.resource);
      if (!desired) return [];
      return fires(desired.job.schedule, desired.slot, from, now + 1).map((fire) => ({
        job: desired.job,
        at: fire.at,
      }));
    });
    for (const { job, at } of due.sort((a, b) => a.at - b.at)) {
      const fault = this.#world.fault({ method: "fire", placement: this.#placement, job: job.name, at });
      const times = fault?.drop ? 0 : fault?.duplicate ? 2 : 1;
      const startAt = at + (fault?.latencyMs ?? 0);
      for (let time = 0; time < times; time += 1) {
        this.#world.startRun(
          this.#placement,
          { job, attempt: 1, fireAt: at },
          "schedule",
          this.#nativeTimeLimit,
          startAt,
        );
      }
    }
  }
}
