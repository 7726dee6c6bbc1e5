import { ALL_JOBS, type Breach, type EventOf } from "../model/index.ts";
import type { EngineContext } from "./context.ts";
import type { Notice } from "./notices/index.ts";
import type { TrackedRun } from "./state.ts";

/** What people hear of: one place that words every notice, so that each says what happened and what to do. */
export class Tellings {
  private readonly context: EngineContext;

  constructor(context: EngineContext) {
    this.context = context;
  }

  breach(
    tracked: TrackedRun,
    breaches: readonly Breach[],
    action: "stop" | "notify" | "observe" | "protected" | "impossible" | "warning",
  ): void {
    const { run } = tracked;
    const what = {
      stop: "the guard is stopping it",
      notify: "it goes on (onBreach: notify)",
      observe: "it goes on (mode: observe); the guard would have stopped it",
      protected: "it goes on (protect: true)",
      impossible: "it goes on: its provider has no way to stop it",
      warning: "it is near its limit",
    }[action];
    const lines = breaches.map((b) => `${b.limit}: ${b.observed} (limit ${b.declared}). ${b.advice}`);
    this.send(tracked, { kind: "stopped", subject: `${run.job}: ${what}`, text: lines.join("\n") });
  }

  ended(tracked: TrackedRun, ended: EventOf<"run.ended">, retry: string | undefined): void {
    const { run } = tracked;
    if (ended.status === "failed" || ended.status === "lost") {
      if (retry !== undefined) return;
      this.send(tracked, {
        kind: "failed",
        subject: `${run.job} ${ended.status}`,
        text: `${ended.reason}. See: rota explain ${run.run}`,
      });
    } else if (ended.status === "killed") {
      this.send(tracked, {
        kind: "stopped",
        subject: `${run.job} was stopped`,
        text: `${ended.reason}. See: rota explain ${run.run}`,
      });
    }
  }

  missed(job: string, detail: string, fire: string): void {
    const desired = this.context.state.deployed.get(job)?.desired;
    this.context.env.notify({
      kind: "missed",
      subject: `${job} was missed`,
      text: `${fire}: ${detail}`,
      job,
      ...(desired?.job.notify === undefined ? {} : { channels: desired.job.notify }),
    });
  }

  held(reason: string): void {
    this.context.env.log("error", "the guard is held and stops nothing more", { reason });
    this.context.env.notify({
      kind: "problem",
      subject: "rota: the guard is held",
      text: `${reason}. It stops nothing more until a person looks: rota status, then rota guard release --reason "…"`,
    });
  }

  budget(subject: string, text: string): void {
    this.context.env.notify({ kind: "budget", subject, text });
  }

  drifted(placement: string, job: string, detail: string): void {
    this.context.env.notify({
      kind: "problem",
      subject: `${job === ALL_JOBS ? `what all jobs at ${placement} share` : `${job} at ${placement}`} is not as it was applied`,
      text: `${detail}. See: rota drift; rota apply sets it back`,
      ...(job === ALL_JOBS ? {} : { job }),
    });
  }

  problem(subject: string, text: string): void {
    this.context.env.log("error", "problem", { subject, text });
    this.context.env.notify({ kind: "problem", subject: `rota: ${subject}`, text });
  }

  private send(tracked: TrackedRun, notice: Pick<Notice, "kind" | "subject" | "text">): void {
    const channels = tracked.desired?.job.notify;
    this.context.env.notify({
      ...notice,
      job: tracked.run.job,
      run: tracked.run.run,
      ...(channels === undefined ? {} : { channels }),
    });
  }
}
