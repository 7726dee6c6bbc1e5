import { type Clock, MINUTE } from "../../../src/model/index.ts";
import type { Deployments } from "../deployments.ts";
import type { Signal } from "../resources/world.ts";
import type { Target } from "../work/index.ts";
import type { ScheduledFunction } from "./functions/index.ts";
import type { ScheduledRequest } from "./requests.ts";

/** Which targets are scheduled is looked up again so often: a run of a new one is seen that much later at most. */
const KNOWN_FOR_MS = 2 * MINUTE;

export type Scheduled = Readonly<Record<Exclude<Target["kind"], "function">, readonly string[]>> & {
  /** Of functions, those whose log tells of their invocations. */
  readonly function: readonly ScheduledFunction[];
  /** Runbooks of Systems Manager, which start or stop machines. */
  readonly runbook: readonly string[];
  /** http jobs. */
  readonly request: readonly ScheduledRequest[];
};

/** What the deployed schedules start: of that the runs are listed. */
export class Targets {
  readonly #deployments: Deployments;
  readonly #clock: Pick<Clock, "now">;
  #known: { readonly at: number; readonly scheduled: Promise<Scheduled> } | undefined;

  constructor(deployments: Deployments, clock: Pick<Clock, "now">) {
    this.#deployments = deployments;
    this.#clock = clock;
  }

  async of<K extends keyof Scheduled>(kind: K, signal: Signal): Promise<Scheduled[K]> {
    const now = this.#clock.now();
    if (!this.#known || now - this.#known.at > KNOWN_FOR_MS) {
      const scheduled = this.#deployments.targets(signal);
      this.#known = { at: now, scheduled };
      void scheduled.catch(() => {
        this.#known = undefined;
      });
    }
    return (await this.#known.scheduled)[kind];
  }
}
