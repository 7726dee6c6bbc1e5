import { durationText, type Job } from "../../../src/model/index.ts";
import { timeLimitOf } from "../../../src/provider/index.ts";
import { batchJobName, jobDefinitionName, tagsOf } from "../naming.ts";
import { jobDefinitionOf, LEAST_LIMIT_SECONDS } from "../resources/job-definition.ts";
import { sizedContainer } from "./container.ts";
import type { AwsJobOptions } from "./job-options.ts";
import { SCHEDULED_TIME, type Setting, universalTarget, variablesOf, type Work } from "./work.ts";

/** A container as a job of AWS Batch: its definition with a time limit of its own, and SubmitJob. */
export function batchWork(job: Job, { attempts }: AwsJobOptions, { owner, options, hourlyNanos }: Setting): Work {
  if (options.jobQueue === undefined) {
    return {
      ok: false,
      reason: "runner: batch needs a job queue",
      fix: "name one under the placement: jobQueue: NAME",
    };
  }
  const sized = sizedContainer(job);
  if (!sized.ok) return sized;
  const limit = timeLimitOf(job, hourlyNanos(job));
  const limitSeconds =
    limit && Math.max(LEAST_LIMIT_SECONDS, Math.floor(limit.by === "cost" ? limit.seconds / attempts : limit.seconds));
  const definition = jobDefinitionOf(job, { ...sized, attempts, limitSeconds }, owner, options);
  const tags = tagsOf({ ...owner, job: job.name }, { fire: SCHEDULED_TIME });
  return {
    ok: true,
    kind: "batchJob",
    needs: [definition],
    start: {
      target: universalTarget(options.region, "batch:submitJob"),
      input: {
        ContainerOverrides: { Environment: variablesOf(job.name, owner) },
        JobDefinition: jobDefinitionName(owner, job.name),
        JobName: batchJobName(owner, job.name),
        JobQueue: options.jobQueue,
        PropagateTags: true,
        Tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      },
    },
    warnings: [...sized.warnings, ...warningsOf(job, attempts, limitSeconds, limit?.by)],
  };
}

function warningsOf(
  job: Job,
  attempts: number,
  limitSeconds: number | undefined,
  by: "duration" | "cost" | undefined,
): readonly string[] {
  const { guard, retry } = job;
  const warnings: string[] = [];
  if (guard.idleSeconds !== undefined || guard.diskBytes !== undefined) {
    warnings.push(`AWS tells nothing of a Batch job's CPU, disk and network: idle and disk are not judged`);
  }
  if (guard.cost !== undefined && by !== "cost" && guard.durationSeconds === undefined) {
    warnings.push(`what an hour costs is not known, so Batch has no limit to keep to its cost while no daemon runs`);
  }
  if (limitSeconds !== undefined && attempts > 1) {
    warnings.push(`Batch counts its limit (${durationText(limitSeconds)}) for each of ${attempts} attempts`);
  }
  if (attempts > 1 && retry.attempts > 1) {
    const most = attempts * retry.attempts;
    warnings.push(`aws.attempts and retry.attempts multiply: ${most} starts at most`);
  }
  return warnings;
}
