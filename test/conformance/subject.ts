import type { DesiredJob, Job, ObservedResource, RunHandle, Workload } from "../../src/model/index.ts";
import type { Provider, RunState, StartRequest } from "../../src/provider/index.ts";
import { cron, job, NOW } from "../support/jobs.ts";

export interface Owner {
  readonly namespace: string;
  readonly environment: string;
}

/** One provider, opened for one test, and what a test must be able to do to its world. */
export interface Subject {
  readonly provider: Provider;
  readonly owner: Owner;
  /** Another daemon on the same world, of this owner or another. */
  reopen(owner?: Owner): Promise<Provider>;
  /** The least that this provider runs. `quick` prints "hello" and succeeds, `failing` ends with exit code 3, `endless` goes on. */
  readonly workloads: { readonly quick: Workload; readonly failing: Workload; readonly endless: Workload };
  /** The provider type's own options for a job. */
  readonly jobOptions?: Job["options"];
  /** Lets the world's time pass: a moment of the wall clock, or a step of a virtual one. */
  settle(): Promise<void>;
  /** A handle of the right shape whose run does not exist. */
  readonly missingHandle: RunHandle;
  /** Puts things there that look like ours, named alike, and are not. */
  plantForeign(count: number): Promise<void>;
  /** Everything foreign as it is now, comparable. */
  foreign(): Promise<unknown>;
  /** From now on a part of every listing cannot be read: a page fails, a file is broken. */
  breakListing(): Promise<void>;
  /** Somebody edits the deployed resource by hand: what was read before is out of date. */
  edit(resource: ObservedResource): Promise<void>;
  close(): Promise<void>;
}

export function desiredJob(subject: Subject, name: string, workload: Workload, expression = "0 6 * * *"): DesiredJob {
  const base = job(name, {
    ...subject.owner,
    placement: subject.provider.placement,
    workload,
    schedule: cron(expression),
  });
  const guard = { ...base.guard, durationSeconds: 3600 };
  return { job: { ...base, guard, options: subject.jobOptions ?? {} } };
}

export function requestFor(subject: Subject, run: string, workload: Workload, name = "job"): StartRequest {
  return {
    run,
    job: desiredJob(subject, name, workload).job,
    attempt: 1,
    fireAt: Date.UTC(2026, 10, 23, 6),
    env: { ROTA_RUN: run, ROTA_JOB: name },
  };
}

/** Deploys what the job becomes; answers what the provider then says is there. */
export async function deploy(provider: Provider, desired: DesiredJob): Promise<readonly ObservedResource[]> {
  const { resources, refusal } = provider.render(desired, NOW);
  if (refusal) throw new Error(`${desired.job.name} is refused: ${refusal.reason}`);
  const observed: ObservedResource[] = [];
  for (const resource of resources) {
    const made = await provider.apply({ action: "create", desired: resource, why: "test" });
    if (made) observed.push(made);
  }
  return observed;
}

/** Asks until the run is in this phase; throws when it does not get there. */
export async function untilPhase(subject: Subject, handle: RunHandle, phase: RunState["phase"]): Promise<RunState> {
  let state = await subject.provider.inspect(handle);
  for (let look = 0; look < 200 && state.phase !== phase; look += 1) {
    await subject.settle();
    state = await subject.provider.inspect(handle);
  }
  if (state.phase !== phase) throw new Error(`still ${state.phase}, not ${phase}`);
  return state;
}
