import type { protos as batch } from "@google-cloud/batch";
import type { protos as logging } from "@google-cloud/logging-api";
import type { protos as monitoring } from "@google-cloud/monitoring";
import type { protos as run } from "@google-cloud/run";
import type { protos as scheduler } from "@google-cloud/scheduler";

export type SchedulerJob = scheduler.google.cloud.scheduler.v1.IJob;
export type RunJob = run.google.cloud.run.v2.IJob;
export type RunContainer = run.google.cloud.run.v2.IContainer;
export type Execution = run.google.cloud.run.v2.IExecution;
export type Task = run.google.cloud.run.v2.ITask;
export type BatchJob = batch.google.cloud.batch.v1.IJob;
export type BatchTask = batch.google.cloud.batch.v1.ITask;
export type LogEntry = logging.google.logging.v2.ILogEntry;
export type TimeSeries = monitoring.google.monitoring.v3.ITimeSeries;

/** Every call that the adapter makes, and no other: what a fake has to answer, and a role to allow. */
export interface Calls {
  "cloudscheduler:ListJobs": Call<scheduler.google.cloud.scheduler.v1.IListJobsRequest, SchedulerPage>;
  "cloudscheduler:GetJob": Call<scheduler.google.cloud.scheduler.v1.IGetJobRequest, SchedulerJob>;
  "cloudscheduler:CreateJob": Call<scheduler.google.cloud.scheduler.v1.ICreateJobRequest, SchedulerJob>;
  "cloudscheduler:UpdateJob": Call<scheduler.google.cloud.scheduler.v1.IUpdateJobRequest, SchedulerJob>;
  "cloudscheduler:DeleteJob": Call<scheduler.google.cloud.scheduler.v1.IDeleteJobRequest, object>;
  "cloudscheduler:PauseJob": Call<scheduler.google.cloud.scheduler.v1.IPauseJobRequest, SchedulerJob>;
  "cloudscheduler:ResumeJob": Call<scheduler.google.cloud.scheduler.v1.IResumeJobRequest, SchedulerJob>;
  "run:ListJobs": Call<run.google.cloud.run.v2.IListJobsRequest, run.google.cloud.run.v2.IListJobsResponse>;
  "run:GetJob": Call<run.google.cloud.run.v2.IGetJobRequest, RunJob>;
  "run:CreateJob": Call<run.google.cloud.run.v2.ICreateJobRequest, Operation>;
  "run:UpdateJob": Call<run.google.cloud.run.v2.IUpdateJobRequest, Operation>;
  "run:DeleteJob": Call<run.google.cloud.run.v2.IDeleteJobRequest, Operation>;
  "run:RunJob": Call<run.google.cloud.run.v2.IRunJobRequest, Operation>;
  "run:ListExecutions": Call<
    run.google.cloud.run.v2.IListExecutionsRequest,
    run.google.cloud.run.v2.IListExecutionsResponse
  >;
  "run:GetExecution": Call<run.google.cloud.run.v2.IGetExecutionRequest, Execution>;
  "run:CancelExecution": Call<run.google.cloud.run.v2.ICancelExecutionRequest, Operation>;
  "run:ListTasks": Call<run.google.cloud.run.v2.IListTasksRequest, run.google.cloud.run.v2.IListTasksResponse>;
  "batch:ListJobs": Call<batch.google.cloud.batch.v1.IListJobsRequest, batch.google.cloud.batch.v1.IListJobsResponse>;
  "batch:GetJob": Call<batch.google.cloud.batch.v1.IGetJobRequest, BatchJob>;
  "batch:CreateJob": Call<batch.google.cloud.batch.v1.ICreateJobRequest, BatchJob>;
  "batch:CancelJob": Call<batch.google.cloud.batch.v1.ICancelJobRequest, Operation>;
  "batch:ListTasks": Call<
    batch.google.cloud.batch.v1.IListTasksRequest,
    batch.google.cloud.batch.v1.IListTasksResponse
  >;
  "logging:ListLogEntries": Call<
    logging.google.logging.v2.IListLogEntriesRequest,
    logging.google.logging.v2.IListLogEntriesResponse
  >;
  "monitoring:ListTimeSeries": Call<
    monitoring.google.monitoring.v3.IListTimeSeriesRequest,
    monitoring.google.monitoring.v3.IListTimeSeriesResponse
  >;
}

type SchedulerPage = scheduler.google.cloud.scheduler.v1.IListJobsResponse;

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** A long-running operation: that it was accepted is all that is read of it; what became of it shows on the resource. */
export interface Operation {
  readonly name?: string | null | undefined;
}

export type CallName = keyof Calls;

/** One request and its answer; throws whatever the client throws. */
export interface Connection {
  send<K extends CallName>(call: K, input: Calls[K]["input"], signal?: AbortSignal): Promise<Calls[K]["output"]>;
  /** The e-mail address of the credentials, or undefined where they do not say. */
  identity(): Promise<string | undefined>;
  close(): void;
}

export type Connect = (settings: ConnectionSettings) => Connection;

export interface ConnectionSettings {
  readonly endpoint?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
