import type { ObservedResource } from "../../../src/model/index.ts";
import type { Scheduled } from "../runs/targets.ts";
import type { NativeSchedule } from "../translate/index.ts";
import type { StartMark } from "../work/index.ts";
import { nativeOf, type ScheduleFields } from "./schedule.ts";

/** The target of a schedule that puts an event for a request. */
export const PUT_EVENTS = ":eventbridge:putEvents";
/** Targets of schedules whose runs are listed by the name of what is started. */
export const LISTED_TARGETS: RegExp =
  /:states:|:function:|:sagemaker:startPipelineExecution$|:glue:startJobRun$|:eventbridge:putEvents$/;

/** Runbooks of Systems Manager: that they are started is all that is asked. */
const RUNBOOK = /:ssm:startAutomationExecution$/;

/** What is started by these schedules and listed by its name; `all`: the targets of all schedules, read or not. */
export function scheduledOf(schedules: readonly ObservedResource[], all: readonly string[]): Scheduled {
  const read = schedules.map(({ id, job, fields }) => {
    const { target, input } = fields as unknown as ScheduleFields;
    const native = nativeOf(id, fields as unknown as ScheduleFields);
    return { job, target, native, call: (input ?? {}) as Readonly<Record<string, unknown>> };
  });
  const named = (key: string, of: RegExp): readonly string[] =>
    distinct(read.flatMap(({ target, call }) => (of.test(target) && typeof call[key] === "string" ? [call[key]] : [])));
  const functions = read.filter(({ target, call }) => target.includes(":function:") && isLogged(call));
  const requests = read.filter(({ target }) => target.endsWith(PUT_EVENTS));
  return {
    stateMachine: distinct(read.flatMap(({ target }) => (target.includes(":states:") ? [target] : []))),
    pipeline: named("PipelineName", /:sagemaker:/),
    glueJob: named("JobName", /:glue:/),
    function: [...Map.groupBy(functions, ({ job, target }) => `${job} ${target}`).values()].map((some) => ({
      job: some[0]?.job ?? "",
      arn: some[0]?.target ?? "",
      natives: nativesOf(some),
    })),
    runbook: distinct(all.filter((arn) => RUNBOOK.test(arn))),
    request: [...Map.groupBy(requests, ({ job }) => job)].map(([job, some]) => ({ job, natives: nativesOf(some) })),
  };
}

/** Its function's log tells of the runs (`runs: log`). */
function isLogged(call: Readonly<Record<string, unknown>>): boolean {
  return (call["rota"] as Partial<StartMark> | undefined)?.runs === "log";
}

function nativesOf(read: readonly { readonly native: NativeSchedule }[]): readonly NativeSchedule[] {
  return read.map(({ native }) => native);
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
