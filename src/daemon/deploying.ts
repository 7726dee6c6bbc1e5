import { type ApplyOutcome, type ApplyResult, ControlError, type Engine } from "../engine/index.ts";
import { LedgerError } from "../ledger/index.ts";
import { type Clock, type DesiredState, jobLabel, MINUTE } from "../model/index.ts";
import { ProviderError } from "../provider/index.ts";

const AGAIN_MS: number = MINUTE;

export interface DeployingOptions {
  readonly engine: Pick<Engine, "deploy">;
  readonly clock: Clock;
  /** Deploys to placements with native schedules too. */
  readonly autoApply: boolean;
  /** What the person at the terminal reads. */
  readonly say: (text: string) => void;
  /** What people hear who are not at the terminal. */
  readonly tell: (text: string) => void;
  /** Ends the tries. */
  readonly signal: AbortSignal;
}

/** Refusals and failures that time mends. */
const PASSING: ReadonlySet<string> = new Set([
  ...["window", "stale", "unconfirmed"],
  ...["throttled", "unavailable", "conflict", "internal"],
]);

/**
 * The daemon's own deployment of its manifest. What cannot be done now (a provider or ledger that is not reached, a
 * deploy window that is closed) is tried again every minute, until it works or the manifest changes once more; the
 * daemon goes on guarding meanwhile.
 */
export class Deploying {
  private readonly options: DeployingOptions;
  private wanted: DesiredState | undefined;
  private said = "";

  constructor(options: DeployingOptions) {
    this.options = options;
  }

  async deploy(desired: DesiredState): Promise<ApplyOutcome | undefined> {
    this.wanted = desired;
    return this.attempt(desired);
  }

  private async attempt(desired: DesiredState): Promise<ApplyOutcome | undefined> {
    const { engine, autoApply } = this.options;
    try {
      const outcome = await engine.deploy({
        desired,
        by: "daemon",
        unattended: true,
        only: (open) => autoApply || open.provider.capabilities.schedules === "engine",
      });
      this.sayAll(problemsOf(outcome));
      if (passes(outcome)) void this.again(desired);
      return outcome;
    } catch (error) {
      if (error instanceof ControlError) this.sayAll([`${error.message}${error.fix ? `\n  ${error.fix}` : ""}`]);
      else if (error instanceof ProviderError || error instanceof LedgerError) {
        this.sayAll([`${error.message}\n  it is tried again every minute; what is deployed goes on`]);
        void this.again(desired);
      } else throw error;
      return undefined;
    }
  }

  private async again(desired: DesiredState): Promise<void> {
    const { clock, signal } = this.options;
    await clock.sleep(AGAIN_MS, signal);
    if (signal.aborted || this.wanted !== desired) return;
    await this.attempt(desired).catch((error: unknown) => this.sayAll([String(error)]));
  }

  /** The same trouble at the next try is not said again. */
  private sayAll(problems: readonly string[]): void {
    const text = problems.map((problem) => `not deployed: ${problem}`).join("\n");
    if (text !== "" && text !== this.said) {
      this.options.say(text);
      this.options.tell(text);
    }
    this.said = text;
  }
}

function passes(outcome: ApplyOutcome): boolean {
  const reasons: readonly { readonly code: string }[] = outcome.ok ? outcome.result.failures : outcome.refusals;
  return reasons.some(({ code }) => PASSING.has(code));
}

function problemsOf(outcome: ApplyOutcome): readonly string[] {
  if (!outcome.ok) return outcome.refusals.map((r) => `${r.reason}\n  ${r.fix}`);
  return [
    ...outcome.plan.refusals.map((r) => `${r.job === "" ? "" : `${r.job}: `}${r.reason}\n  ${r.fix}`),
    ...outcome.elsewhere.map(
      ({ job, placement }) =>
        `${job}: it is deployed at ${placement}, which this daemon does not change by itself\n  rota apply moves it`,
    ),
    ...outcome.result.failures.map((f) => `${jobLabel(f.job)}: ${f.message}${f.fix ? `\n  ${f.fix}` : ""}`),
  ];
}

/** In words what a deployment changed; undefined when nothing. */
export function changesText({ created, updated, deleted }: ApplyResult): string | undefined {
  const parts = [
    ...(created > 0 ? [`${created} new`] : []),
    ...(updated > 0 ? [`${updated} changed`] : []),
    ...(deleted > 0 ? [`${deleted} removed`] : []),
  ];
  return parts.length > 0 ? `deployed: ${parts.join(", ")}` : undefined;
}
