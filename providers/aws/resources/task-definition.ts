import type * as ecs from "@aws-sdk/client-ecs";
import type { ContainerWorkload, Job, JsonObject, Resource } from "../../../src/model/index.ts";
import { CONTAINER, familyName, logGroupName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { FargateSize } from "../work/fargate.ts";
import { LOG_PREFIX, pairs, secretsOf, withoutEmpty } from "./container.ts";

/** ECS waits at most so long between SIGTERM and SIGKILL on Fargate (ContainerDefinition.stopTimeout). */
const MOST_STOP_SECONDS = 120;
const LEAST_STOP_SECONDS = 2;

/** What rota manages of a task definition; the same whether it is wanted or read back. */
export interface TaskDefinitionFields {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variable → ARN of the secret or parameter. */
  readonly secrets: Readonly<Record<string, string>>;
  /** CPU units and MiB, as ECS takes them. */
  readonly cpu: string;
  readonly memory: string;
  readonly architecture: string;
  readonly executionRole: string;
  readonly taskRole: string;
  readonly logGroup: string;
  readonly stopTimeoutSeconds: number;
}

/** The task definition of a job, in the size that Fargate gives it. */
export function taskDefinitionOf(
  job: Job,
  { workload, size }: { readonly workload: ContainerWorkload; readonly size: FargateSize },
  owner: Owner,
  options: AwsOptions,
): Resource {
  const fields: TaskDefinitionFields = {
    image: workload.image,
    command: workload.command,
    env: workload.env,
    secrets: secretsOf(workload, options),
    cpu: size.cpu,
    memory: size.memory,
    architecture: options.architecture,
    executionRole: options.executionRole,
    taskRole: options.taskRole ?? "",
    logGroup: logGroupName(owner),
    stopTimeoutSeconds: Math.min(MOST_STOP_SECONDS, Math.max(LEAST_STOP_SECONDS, Math.ceil(job.guard.graceSeconds))),
  };
  return {
    kind: "taskDefinition",
    id: familyName(owner, job.name),
    job: job.name,
    fields: fields as unknown as JsonObject,
  };
}

/** A whole new revision; what was set by hand beside what rota manages is said again. */
export function registerRequest(
  family: string,
  fields: TaskDefinitionFields,
  region: string,
  tags: readonly ecs.Tag[],
  kept: JsonObject = {},
): ecs.RegisterTaskDefinitionRequest {
  const { container = {}, containers = [], ...task } = kept as Kept;
  return {
    ...task,
    family,
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    cpu: fields.cpu,
    memory: fields.memory,
    executionRoleArn: fields.executionRole,
    ...(fields.taskRole === "" ? {} : { taskRoleArn: fields.taskRole }),
    runtimePlatform: { cpuArchitecture: fields.architecture as ecs.CPUArchitecture, operatingSystemFamily: "LINUX" },
    containerDefinitions: [
      {
        memory: Number(fields.memory),
        ...container,
        name: CONTAINER,
        image: fields.image,
        essential: true,
        ...(fields.command.length === 0 ? {} : { command: [...fields.command] }),
        environment: pairs(fields.env).map(([name, value]) => ({ name, value })),
        secrets: pairs(fields.secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
        stopTimeout: fields.stopTimeoutSeconds,
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": fields.logGroup,
            "awslogs-region": region,
            "awslogs-stream-prefix": LOG_PREFIX,
          },
        },
      },
      ...containers,
    ],
    tags: [...tags],
  };
}

/** What somebody set by hand, as `readTaskDefinition` found it. */
type Kept = Partial<ecs.RegisterTaskDefinitionRequest> & {
  readonly container?: Partial<ecs.ContainerDefinition>;
  readonly containers?: ecs.ContainerDefinition[];
};

/** What rota manages of a definition that was read, and what somebody set beside it. */
export function readTaskDefinition(definition: ecs.TaskDefinition): {
  readonly fields: TaskDefinitionFields;
  readonly unmanaged: JsonObject;
} {
  const [own = {}, ...others] = definition.containerDefinitions ?? [];
  const {
    name: _name,
    image = "",
    command = [],
    environment = [],
    secrets = [],
    stopTimeout,
    ...restOfContainer
  } = own;
  const { logConfiguration, essential: _essential, memory, ...extras } = restOfContainer;
  const fields: TaskDefinitionFields = {
    image,
    command,
    env: Object.fromEntries(environment.map(({ name = "", value = "" }) => [name, value])),
    secrets: Object.fromEntries(secrets.map(({ name = "", valueFrom = "" }) => [name, valueFrom])),
    cpu: definition.cpu ?? "",
    memory: definition.memory ?? "",
    architecture: definition.runtimePlatform?.cpuArchitecture ?? "X86_64",
    executionRole: definition.executionRoleArn ?? "",
    taskRole: definition.taskRoleArn ?? "",
    logGroup: logConfiguration?.options?.["awslogs-group"] ?? "",
    stopTimeoutSeconds: stopTimeout ?? 30,
  };
  const { volumes, ephemeralStorage, pidMode, ipcMode, proxyConfiguration } = definition;
  // The container has all of the task's memory.
  const container = withoutEmpty({ ...extras, ...(String(memory) === definition.memory ? {} : { memory }) });
  const beside = { container, containers: others, volumes, ephemeralStorage, pidMode, ipcMode, proxyConfiguration };
  return { fields, unmanaged: withoutEmpty(beside) };
}
