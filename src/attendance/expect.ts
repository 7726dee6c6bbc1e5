import { type FireTime, fireKey, type Instant } from "../model/index.ts";
import { fires, omitted } from "../schedule/index.ts";
import type { DeploymentFact, OmittedTime } from "./shapes.ts";

/** A fire that the deployment in force at its time asks for. */
export interface ExpectedFire extends FireTime {
  readonly key: string;
  readonly job: string;
  readonly deployment: DeploymentFact;
}

/**
 * The fires of [from, to), by time, then job. Each key once: when an edit moved a job's zone so that the
 * same local time comes again, the first is the fire, as it is for the engine.
 */
export function expectedFires(deployments: readonly DeploymentFact[], from: Instant, to: Instant): ExpectedFire[] {
  const found = new Map<string, ExpectedFire>();
  for (const deployment of inOrder(deployments)) {
    const { job, slot } = deployment.desired;
    const [start, end] = reach(deployment, from, to);
    for (const fire of fires(job.schedule, slot, start, end)) {
      const key = fireKey(job.name, fire.local, fire.ordinal);
      if (!found.has(key)) found.set(key, { ...fire, key, job: job.name, deployment });
    }
  }
  return [...found.values()].sort((a, b) => a.at - b.at || compare(a.job, b.job));
}

/** What the rules of the jobs' own schedules leave out of [from, to). */
export function omittedTimes(deployments: readonly DeploymentFact[], from: Instant, to: Instant): OmittedTime[] {
  const found: OmittedTime[] = [];
  for (const deployment of inOrder(deployments)) {
    const { job, slot } = deployment.desired;
    const [start, end] = reach(deployment, from, to);
    for (const omission of omitted(job.schedule, slot, start, end)) found.push({ job: job.name, ...omission });
  }
  return found.sort((a, b) => a.at - b.at || compare(a.job, b.job));
}

function inOrder(deployments: readonly DeploymentFact[]): DeploymentFact[] {
  return [...deployments].sort((a, b) => a.since - b.since);
}

/** A deployment answers for the fires after `since`, up to and with `until`: what is due is settled before an edit. */
function reach({ since, until }: DeploymentFact, from: Instant, to: Instant): [Instant, Instant] {
  return [Math.max(from, since + 1), until === undefined ? to : Math.min(to, until + 1)];
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
