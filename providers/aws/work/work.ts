import type { Job, JsonObject, Resource } from "../../../src/model/index.ts";
import { type Owner, partitionOf } from "../naming.ts";
import type { AwsOptions } from "../options.ts";

/** What a rendering depends on beside the job. */
export interface Setting {
  readonly owner: Owner;
  readonly options: AwsOptions;
  readonly hourlyNanos: (job: Job) => bigint | undefined;
}

/** What a job becomes apart from its schedule, or why it cannot become anything. */
export type Work =
  | {
      readonly ok: true;
      readonly kind: WorkKind;
      /** What has to be there before a run. */
      readonly needs: readonly Resource[];
      readonly start: StartCall;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** What a run is at AWS. */
export type WorkKind =
  | "task"
  | "batchJob"
  | "function"
  | "stateMachine"
  | "pipeline"
  | "glueJob"
  | "machines"
  | "request";

/** How EventBridge Scheduler starts a run. */
export interface StartCall {
  /** An ARN: of what is started, or of a call of the SDK's. */
  readonly target: string;
  /** What is handed over; of a call its parameters, with a capital first letter. */
  readonly input: JsonObject;
}

/** The ARN of a call of the SDK's, `ecs:runTask` (User guide, "Using universal targets"). */
export function universalTarget(region: string, action: string): string {
  return `arn:${partitionOf(region)}:scheduler:::aws-sdk:${action}`;
}

/** EventBridge replaces this in the input by the scheduled instant, `2026-12-01T14:00:00Z` (User guide, "Context attributes"). */
export const SCHEDULED_TIME = "<aws.scheduler.scheduled-time>";

/** The variables that a run of the schedule's own is given. */
export function variablesOf(job: string, owner: Owner): readonly { readonly Name: string; readonly Value: string }[] {
  const variables: Readonly<Record<string, string>> = {
    ROTA_ENV: owner.environment,
    ROTA_FIRE: SCHEDULED_TIME,
    ROTA_JOB: job,
    ROTA_NAMESPACE: owner.namespace,
  };
  return Object.entries(variables).map(([Name, Value]) => ({ Name, Value }));
}
