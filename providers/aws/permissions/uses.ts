import type { DesiredJob, VmWorkload } from "../../../src/model/index.ts";
import { arnOf } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { secretArn } from "../resources/container.ts";
import { jobOptionsOf, type Target } from "../work/index.ts";

/** What jobs ask of AWS, and permissions are narrowed to. */
export interface Uses {
  /** Containers, as ECS tasks. */
  readonly tasks: boolean;
  /** Containers, as jobs of Batch. */
  readonly batch: boolean;
  readonly targets: readonly Target[];
  /** Jobs that scheduled rules start. */
  readonly rules: boolean;
  /** Requests through EventBridge's rules. */
  readonly requests: boolean;
  readonly machines: readonly VmWorkload[];
  /** ARNs of the secrets and parameters that runs are given. */
  readonly secrets: readonly string[];
  /** Repositories of ECR that images come from. */
  readonly repositories: readonly string[];
}

export function usesOf(jobs: readonly DesiredJob[], options: AwsOptions): Uses {
  const containers = jobs.flatMap(({ job }) => (job.workload.kind === "container" ? [job.workload] : []));
  const targets = jobs.flatMap(({ job }) => {
    const own = job.workload.kind === "target" ? jobOptionsOf(job, options) : undefined;
    return own?.ok && own.target ? [own.target] : [];
  });
  const runners = jobs.flatMap(({ job }) => {
    const own = job.workload.kind === "container" ? jobOptionsOf(job, options) : undefined;
    return own?.ok ? [own.runner] : [];
  });
  return {
    tasks: runners.includes("ecs"),
    batch: runners.includes("batch") && options.jobQueue !== undefined,
    targets,
    rules: jobs.some(({ job }) => {
      const own = jobOptionsOf(job, options);
      return own.ok && own.scheduler === "rules";
    }),
    requests: jobs.some(({ job }) => job.workload.kind === "http"),
    machines: jobs.flatMap(({ job }) => (job.workload.kind === "vm" ? [job.workload] : [])),
    secrets: distinct(
      containers.flatMap(({ secrets }) => Object.values(secrets).map((each) => secretArn(each, options))),
    ),
    repositories: distinct(containers.flatMap(({ image }) => repositoryOf(image, options))),
  };
}

/** All that a placement's options make possible: what `doctor` asks about, who knows no jobs. */
export function everything(options: AwsOptions): Uses {
  return {
    tasks: true,
    batch: options.jobQueue !== undefined,
    targets: [],
    rules: options.rulesRole !== undefined,
    requests: options.rulesRole !== undefined,
    machines: [],
    secrets: [],
    repositories: [],
  };
}

const ECR = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)/;

/** Images elsewhere (Docker Hub, GHCR, ECR Public) need no permission of AWS's. */
function repositoryOf(image: string, options: AwsOptions): readonly string[] {
  const [, account, region, name] = ECR.exec(image) ?? [];
  if (account === undefined || region === undefined || name === undefined) return [];
  return [arnOf({ ...options, account, region }, "ecr", `repository/${name}`)];
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
