import type * as batch from "@aws-sdk/client-batch";
import type { ContainerWorkload, Job, JsonObject, Resource } from "../../../src/model/index.ts";
import { jobDefinitionName, logGroupName, type Owner, type Tag } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { FargateSize } from "../work/fargate.ts";
import { LOG_PREFIX, pairs, secretsOf, withoutEmpty } from "./container.ts";

/** Batch takes no shorter one (JobTimeout.attemptDurationSeconds). */
export const LEAST_LIMIT_SECONDS = 60;

/** What rota manages of a job definition; the same whether it is wanted or read back. */
export interface JobDefinitionFields {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variable → ARN of the secret or parameter. */
  readonly secrets: Readonly<Record<string, string>>;
  /** vCPU and MiB, as Batch takes them. */
  readonly vcpu: string;
  readonly memory: string;
  readonly architecture: string;
  readonly executionRole: string;
  readonly taskRole: string;
  readonly logGroup: string;
  readonly assignPublicIp: boolean;
  /** Batch ends an attempt after it, by itself. Absent: never. */
  readonly limitSeconds?: number;
  readonly attempts: number;
}

interface Shape {
  readonly workload: ContainerWorkload;
  readonly size: FargateSize;
  readonly attempts: number;
  readonly limitSeconds: number | undefined;
}

export function jobDefinitionOf(
  job: Job,
  { workload, size, attempts, limitSeconds }: Shape,
  owner: Owner,
  options: AwsOptions,
): Resource {
  const fields: JobDefinitionFields = {
    image: workload.image,
    command: workload.command,
    env: workload.env,
    secrets: secretsOf(workload, options),
    vcpu: String(Number(size.cpu) / 1024),
    memory: size.memory,
    architecture: options.architecture,
    executionRole: options.executionRole,
    taskRole: options.taskRole ?? "",
    logGroup: logGroupName(owner),
    assignPublicIp: options.assignPublicIp,
    ...(limitSeconds === undefined ? {} : { limitSeconds }),
    attempts,
  };
  const id = jobDefinitionName(owner, job.name);
  return { kind: "jobDefinition", id, job: job.name, fields: fields as unknown as JsonObject };
}

/** A whole new revision; what was set by hand beside what rota manages is said again. */
export function registerJobRequest(
  name: string,
  fields: JobDefinitionFields,
  region: string,
  tags: readonly Tag[],
  kept: JsonObject = {},
): batch.RegisterJobDefinitionRequest {
  const { container = {}, retry = {}, ...rest } = kept as Kept;
  return {
    ...rest,
    jobDefinitionName: name,
    type: "container",
    platformCapabilities: ["FARGATE"],
    containerProperties: {
      ...container,
      image: fields.image,
      ...(fields.command.length === 0 ? {} : { command: [...fields.command] }),
      environment: pairs(fields.env).map(([key, value]) => ({ name: key, value })),
      secrets: pairs(fields.secrets).map(([key, valueFrom]) => ({ name: key, valueFrom })),
      resourceRequirements: [
        { type: "VCPU", value: fields.vcpu },
        { type: "MEMORY", value: fields.memory },
      ],
      executionRoleArn: fields.executionRole,
      ...(fields.taskRole === "" ? {} : { jobRoleArn: fields.taskRole }),
      networkConfiguration: { assignPublicIp: fields.assignPublicIp ? "ENABLED" : "DISABLED" },
      runtimePlatform: { cpuArchitecture: fields.architecture, operatingSystemFamily: "LINUX" },
      logConfiguration: {
        logDriver: "awslogs",
        options: {
          "awslogs-group": fields.logGroup,
          "awslogs-region": region,
          "awslogs-stream-prefix": LOG_PREFIX,
        },
      },
    },
    retryStrategy: { ...retry, attempts: fields.attempts },
    ...(fields.limitSeconds === undefined ? {} : { timeout: { attemptDurationSeconds: fields.limitSeconds } }),
    propagateTags: true,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  };
}

/** What somebody set by hand, as `readJobDefinition` found it. */
interface Kept {
  readonly container?: Partial<batch.ContainerProperties>;
  readonly retry?: Partial<batch.RetryStrategy>;
  readonly parameters?: Record<string, string>;
  readonly schedulingPriority?: number;
}

/** What rota manages of a definition that was read, and what somebody set beside it. */
export function readJobDefinition(definition: batch.JobDefinition): {
  readonly fields: JobDefinitionFields;
  readonly unmanaged: JsonObject;
} {
  const { image = "", command = [], environment = [], secrets = [], ...own } = definition.containerProperties ?? {};
  const { resourceRequirements = [], executionRoleArn, jobRoleArn, networkConfiguration, ...others } = own;
  const { runtimePlatform, logConfiguration, ...container } = others;
  const asked = (type: string): string => resourceRequirements.find((each) => each.type === type)?.value ?? "";
  const limitSeconds = definition.timeout?.attemptDurationSeconds;
  const { attempts = 1, ...retry } = definition.retryStrategy ?? {};
  const fields: JobDefinitionFields = {
    image,
    command,
    env: Object.fromEntries(environment.map(({ name = "", value = "" }) => [name, value])),
    secrets: Object.fromEntries(secrets.map(({ name = "", valueFrom = "" }) => [name, valueFrom])),
    vcpu: asked("VCPU"),
    memory: asked("MEMORY"),
    architecture: runtimePlatform?.cpuArchitecture ?? "X86_64",
    executionRole: executionRoleArn ?? "",
    taskRole: jobRoleArn ?? "",
    logGroup: logConfiguration?.options?.["awslogs-group"] ?? "",
    assignPublicIp: networkConfiguration?.assignPublicIp === "ENABLED",
    ...(limitSeconds === undefined ? {} : { limitSeconds }),
    attempts,
  };
  // Batch's own platform version, when nobody chose one.
  const { fargatePlatformConfiguration, ...kept } = container;
  const version = fargatePlatformConfiguration?.platformVersion ?? "LATEST";
  const chosen = version === "LATEST" ? {} : { fargatePlatformConfiguration };
  const { parameters, schedulingPriority } = definition;
  const beside = {
    container: withoutEmpty({ ...kept, ...chosen }),
    retry: withoutEmpty(retry),
    parameters,
    schedulingPriority,
  };
  return { fields, unmanaged: withoutEmpty(beside) };
}
