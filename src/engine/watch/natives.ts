import { LedgerError } from "../../ledger/index.ts";
import { asProviderError, type EngineContext } from "../context.ts";
import type { Tellings } from "../tellings.ts";
import { Adoption } from "./adoption.ts";
import type { Observer } from "./observer.ts";

/** The rounds over placements whose runs may be started by others, and what stands in the way of them. */
export class NativeRounds {
  /** By placement, in words; a listing that fails is no news of any run (K6, R2). */
  readonly problems: Map<string, string> = new Map();
  private readonly context: EngineContext;
  private readonly tellings: Tellings;
  private readonly adoption: Adoption;

  constructor(context: EngineContext, observer: Observer, tellings: Tellings) {
    this.context = context;
    this.tellings = tellings;
    this.adoption = new Adoption(context, observer, (job, detail, fire) => tellings.missed(job, detail, fire));
  }

  async round(placement: string): Promise<void> {
    const { recorder } = this.context;
    try {
      await this.adoption.round(placement);
    } catch (error) {
      // Not the provider's fault: the round comes again.
      if (error instanceof LedgerError) throw error;
      const { code, message } = asProviderError(error);
      const known = this.problems.has(placement);
      this.problems.set(placement, `${placement}: ${code}: ${message}`);
      if (known) return;
      this.tellings.problem(placement, `${code}: ${message}`);
      await recorder.record({ type: "provider.problem", placement, code, message });
      return;
    }
    if (!this.problems.has(placement)) return;
    await recorder.record({ type: "provider.recovered", placement });
    this.problems.delete(placement);
  }
}
