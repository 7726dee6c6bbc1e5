import { canonical, MINUTE, type RunHandle } from "../../model/index.ts";
import { asProviderError, type EngineContext } from "../context.ts";
import type { Observer } from "./observer.ts";

/** After a failed question it is asked again: the listings go on meanwhile. */
const AGAIN_MS: number = MINUTE;

/**
 * What vendors tell of changes between two looks. It only moves a look forward: what is recorded, judged or stopped rests
 * on what the provider then answers.
 */
export class Changes {
  private readonly followed = new Set<string>();
  private readonly context: EngineContext;
  private readonly observer: Pick<Observer, "arm">;
  private readonly listSoon: (placement: string) => void;

  constructor(context: EngineContext, observer: Pick<Observer, "arm">, listSoon: (placement: string) => void) {
    this.context = context;
    this.observer = observer;
    this.listSoon = listSoon;
  }

  /** Placements come and go with the manifest: each that tells is listened to, none twice. */
  followPlacements(): void {
    for (const [name, { provider }] of this.context.env.placements) {
      if (provider.changes === undefined || this.followed.has(name)) continue;
      this.followed.add(name);
      void this.follow(name).finally(() => this.followed.delete(name));
    }
  }

  private async follow(placement: string): Promise<void> {
    const { env, signal } = this.context;
    let failing = false;
    while (!signal.aborted) {
      const provider = env.placements.get(placement)?.provider;
      if (provider?.changes === undefined) return;
      try {
        for await (const handle of provider.changes({ signal })) {
          if (env.placements.get(placement)?.provider !== provider) break;
          failing = false;
          this.changed(placement, handle);
        }
      } catch (error) {
        if (signal.aborted) return;
        const { code, message } = asProviderError(error);
        if (!failing) env.log("warn", "changes are not told and seen by listings alone", { placement, code, message });
        failing = true;
      }
      await env.clock.sleep(AGAIN_MS, signal);
    }
  }

  private changed(placement: string, handle: RunHandle): void {
    const text = canonical(handle);
    for (const tracked of this.context.state.open.values()) {
      if (tracked.run.placement !== placement || tracked.handle === undefined) continue;
      if (canonical(tracked.handle) !== text) continue;
      this.observer.arm(tracked, 0);
      return;
    }
    this.listSoon(placement);
  }
}
