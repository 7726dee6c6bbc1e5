import { actionFor, judge, type RunFacts, vcpuOf } from "../../guard/index.ts";
import type { Breach, EventOf, Job, Sample } from "../../model/index.ts";
import { metricsOf, type Provider, ProviderError, type RunState } from "../../provider/index.ts";
import type { EngineContext } from "../context.ts";
import type { Metering } from "../money/metering.ts";
import { sampleWithout } from "../redaction.ts";
import { printedBytes } from "../runs.ts";
import type { TrackedRun } from "../state.ts";
import type { Stopper } from "./stopper.ts";

/** Samples are kept in memory this many intervals (and the platform's delay) longer than the longest window. */
const SPARE_INTERVALS = 5;
const SPARE_MS = 60_000;
/** A run is measured this often where the platform's own interval is shorter. */
const LEAST_INTERVAL_MS = 1000;

/** Says to the owner what the guard saw; `action` is what it did about it. */
export type TellBreach = (
  tracked: TrackedRun,
  breaches: readonly Breach[],
  action: "stop" | "notify" | "observe" | "protected" | "impossible" | "warning",
) => void;

/** Measures a running run, judges it, and does what its limits say: nothing, a notice, or a stop through the choke point. */
export class Guarding {
  private readonly context: EngineContext;
  private readonly stopper: Stopper;
  private readonly metering: Metering;
  private readonly tell: TellBreach;
  /** When each run was last measured, on the monotonic clock: a step of the wall clock must not blind the guard. */
  private readonly measuredAt = new WeakMap<TrackedRun, number>();

  constructor(context: EngineContext, stopper: Stopper, metering: Metering, tell: TellBreach) {
    this.context = context;
    this.stopper = stopper;
    this.metering = metering;
    this.tell = tell;
  }

  async watch(tracked: TrackedRun, provider: Provider, seen: RunState): Promise<void> {
    const unavailable: string[] = [];
    try {
      await this.measure(tracked, provider);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      unavailable.push(`measurements (${error.code}: ${error.message})`);
    }
    const verdict = judge(this.facts(tracked, provider, seen, unavailable));
    if (verdict.kind === "stop") await this.breached(tracked, verdict.breaches);
    const warnings = verdict.kind === "stop" ? [] : (verdict.warnings ?? []);
    const fresh = warnings.filter((w) => !tracked.said.has(nameOf(w)));
    for (const w of fresh) tracked.said.add(nameOf(w));
    if (fresh.length > 0) this.tell(tracked, fresh, "warning");
  }

  private async measure(tracked: TrackedRun, provider: Provider): Promise<void> {
    if (tracked.handle === undefined) return;
    const { time, env, signal } = this.context;
    const { intervalSeconds, delaySeconds } = metricsOf(provider, tracked.desired?.job);
    const interval = Math.max(LEAST_INTERVAL_MS, intervalSeconds * 1000);
    const measuredAt = this.measuredAt.get(tracked);
    if (measuredAt !== undefined && time.monotonic() - measuredAt < interval && tracked.samples.length > 0) return;
    const { redact = (text: string) => text } = env;
    const measured = await provider.measure(tracked.handle, tracked.sampledTo, { signal });
    const fresh = measured.map((sample) => sampleWithout(sample, redact));
    const last = fresh.at(-1);
    if (!last) return;
    this.measuredAt.set(tracked, last.monotonicTo ?? time.monotonic());
    tracked.sampledTo = last.to;
    for (const sample of fresh) this.add(tracked, sample);
    const spare = SPARE_MS + (SPARE_INTERVALS * intervalSeconds + delaySeconds) * 1000;
    const keptMs = this.windowMs(tracked) + spare;
    const isOld = (s: Sample): boolean =>
      s.monotonicTo === undefined ? time.now() - s.to > keptMs : time.monotonic() - s.monotonicTo > keptMs;
    if (tracked.samples[0] && isOld(tracked.samples[0])) tracked.samples = tracked.samples.filter((s) => !isOld(s));
    await env.ledger.saveSamples(tracked.run.run, fresh);
  }

  private add(tracked: TrackedRun, sample: Sample): void {
    tracked.samples.push(sample);
    tracked.outputBytes = printedBytes(tracked.outputBytes, sample);
    if (sample.progress === true) tracked.progressAt = this.context.time.monotonic();
  }

  private windowMs(tracked: TrackedRun): number {
    const { idleSeconds = 0, heartbeatSeconds = 0 } = tracked.run.limits;
    return Math.max(idleSeconds, heartbeatSeconds) * 1000;
  }

  private facts(tracked: TrackedRun, provider: Provider, seen: RunState, unavailable: readonly string[]): RunFacts {
    const { time } = this.context;
    const now = time.now();
    const metrics = metricsOf(provider, tracked.desired?.job);
    const elapsed = this.elapsed(tracked, seen);
    const disk = tracked.samples.findLast((s) => s.diskBytes !== undefined)?.diskBytes;
    const cost = this.metering.live(tracked, elapsed);
    const job: Job | undefined = tracked.desired?.job;
    return {
      limits: tracked.run.limits,
      cpu: vcpuOf(tracked.run),
      now,
      monotonic: time.monotonic(),
      confirmedRunning: seen.phase === "running",
      elapsedSeconds: elapsed,
      watchedSinceMonotonic: tracked.watchedSince,
      samples: tracked.samples,
      metrics: { ...metrics, intervalSeconds: Math.max(metrics.intervalSeconds, LEAST_INTERVAL_MS / 1000) },
      progress: {
        ever: tracked.progressAt !== undefined,
        ...(tracked.progressAt === undefined ? {} : { secondsSince: (time.monotonic() - tracked.progressAt) / 1000 }),
      },
      outputBytes: tracked.outputBytes,
      ...(disk === undefined ? {} : { diskBytes: disk }),
      cost,
      ...(job?.expect.durationSeconds === undefined ? {} : { expectedSeconds: job.expect.durationSeconds }),
      unavailable,
    };
  }

  /**
   * How long the run has really run, by no clock that a person can set: the provider's own count, or, where
   * it keeps none, the time that it was watched here, which is never too long.
   */
  private elapsed(tracked: TrackedRun, seen: RunState): number {
    return seen.elapsedSeconds ?? (this.context.time.monotonic() - tracked.watchedSince) / 1000;
  }

  private async breached(tracked: TrackedRun, breaches: readonly [Breach, ...Breach[]]): Promise<void> {
    const { limits } = tracked.run;
    const action = actionFor(limits);
    if (action !== "stop") return this.goesOn(tracked, breaches, action);
    const reason = breaches.map((b) => `${b.limit}: ${b.observed} (limit ${b.declared})`).join("; ");
    const answer = await this.stopper.stop(tracked.run.run, { cause: "guard", by: "guard", reason, breaches });
    if (answer.ok) return this.tell(tracked, breaches, "stop");
    // Nothing was ordered: its provider has no stop for it, and said so without being asked for one.
    if (answer.impossible && !tracked.stopping) return this.goesOn(tracked, breaches, "impossible");
    if (!tracked.said.has(`refused ${answer.why}`)) {
      tracked.said.add(`refused ${answer.why}`);
      this.context.env.log("warn", "a stop was not carried out", { run: tracked.run.run, why: answer.why });
      if (answer.impossible) this.tell(tracked, breaches, "impossible");
    }
  }

  /** Records and tells, once for each limit. */
  private async goesOn(
    tracked: TrackedRun,
    breaches: readonly Breach[],
    action: Exclude<EventOf<"run.judged">["action"], "stop">,
  ): Promise<void> {
    const fresh = breaches.filter((b) => !tracked.said.has(`judged ${b.limit}`));
    if (fresh.length === 0) return;
    const { epoch, recorder } = this.context;
    await recorder.record({ type: "run.judged", run: tracked.run.run, action, breaches: fresh, epoch });
    for (const b of fresh) tracked.said.add(`judged ${b.limit}`);
    this.tell(tracked, fresh, action);
  }
}

/** A warning is said once: a share of the limit and a projection past it are two. */
function nameOf({ limit, evidence }: Breach): string {
  return `warned ${limit} ${String(evidence["kind"] ?? "")}`;
}
