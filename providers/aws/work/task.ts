import { durationText, type Job } from "../../../src/model/index.ts";
import { BY_SCHEDULE, CONTAINER, clientToken, familyName, groupName, tagsOf } from "../naming.ts";
import { taskDefinitionOf } from "../resources/task-definition.ts";
import { sizedContainer } from "./container.ts";
import { SCHEDULED_TIME, type Setting, type StartCall, universalTarget, variablesOf, type Work } from "./work.ts";

/** A container as a task of ECS: its definition, and RunTask. */
export function taskWork(job: Job, { owner, options }: Setting): Work {
  const sized = sizedContainer(job);
  if (!sized.ok) return sized;
  const definition = taskDefinitionOf(job, sized, owner, options);
  const warnings = [...sized.warnings, ...limitWarnings(job, groupName(owner))];
  return { ok: true, kind: "task", needs: [definition], start: startOf(job.name, { owner, options }), warnings };
}

/** A plain ECS task has no time limit of its own (see docs/aws.md). */
function limitWarnings({ guard }: Job, group: string): string[] {
  if (guard.durationSeconds === undefined && guard.cost === undefined) return [];
  const limit = guard.durationSeconds === undefined ? "its cost limit" : durationText(guard.durationSeconds);
  return [
    `ECS ends no task by itself: past ${limit} only the daemon stops it (schedule group ${group} fires whether it is up or not); aws: { runner: batch } has a limit of its own`,
  ];
}

/**
 * RunTask's parameters. The token is the fire's: a start that EventBridge delivers twice, or that two schedules of the
 * job make at one instant, is one task.
 */
function startOf(job: string, { owner, options }: Pick<Setting, "owner" | "options">): StartCall {
  const Tags = tagsOf({ ...owner, job }, { fire: SCHEDULED_TIME }).map(({ key, value }) => ({
    Key: key,
    Value: value,
  }));
  return {
    target: universalTarget(options.region, "ecs:runTask"),
    input: {
      ClientToken: `${clientToken(owner.namespace, owner.environment, job)}-${SCHEDULED_TIME}`,
      Cluster: options.cluster,
      Count: 1,
      LaunchType: "FARGATE",
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          AssignPublicIp: options.assignPublicIp ? "ENABLED" : "DISABLED",
          SecurityGroups: options.securityGroups,
          Subnets: options.subnets,
        },
      },
      Overrides: { ContainerOverrides: [{ Environment: variablesOf(job, owner), Name: CONTAINER }] },
      StartedBy: BY_SCHEDULE,
      Tags,
      TaskDefinition: familyName(owner, job),
    },
  };
}
