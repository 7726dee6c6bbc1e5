import { type Clock, MINUTE } from "../../../src/model/index.ts";
import type { Deployments } from "../deployments.ts";
import type { Signal } from "../resources/world.ts";
import type { Target } from "../work/index.ts";

/** Which targets are scheduled is looked up again so often: a run of a new one is seen that much later at most. */
const KNOWN_FOR_MS = 2 * MINUTE;

/** `runbook`: of Systems Manager, which starts or stops machines. */
type Kind = Target["kind"] | "runbook";
export type Scheduled = Readonly<Record<Exclude<Kind, "function">, readonly string[]>>;

/** The targets that the deployed schedules start: of those the runs are listed. */
export class Targets {
  readonly #deployments: Deployments;
  readonly #clock: Pick<Clock, "now">;
  #known: { readonly at: number; readonly scheduled: Promise<Scheduled> } | undefined;

  constructor(deployments: Deployments, clock: Pick<Clock, "now">) {
    this.#deployments = deployments;
    this.#clock = clock;
  }

  async of(kind: Kind, signal: Signal): Promise<readonly string[]> {
    if (kind === "function") return [];
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
