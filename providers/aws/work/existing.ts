import { durationText, type Job, type JsonObject } from "../../../src/model/index.ts";
import { clientToken, type Owner } from "../naming.ts";
import { markArguments, markDescription, markInput } from "./mark.ts";
import type { Target } from "./target-options.ts";
import { SCHEDULED_TIME, type Setting, universalTarget, type Work } from "./work.ts";

/** What exists already is started as it is: nothing is made but the schedule. */
export function existingWork(job: Job, target: Target, { owner, options }: Setting): Work {
  const { target: arn, input } = startOf(target, job, owner, options.region);
  return { ok: true, kind: target.kind, needs: [], start: { target: arn, input }, warnings: warningsOf(job, target) };
}

function startOf(
  target: Target,
  job: Job,
  owner: Owner,
  region: string,
): { readonly target: string; readonly input: JsonObject } {
  const mark = { ...owner, job: job.name, fire: SCHEDULED_TIME };
  switch (target.kind) {
    // EventBridge Scheduler has these two of its own: their input is what the function or the execution is given.
    case "function":
      return {
        target: target.arn,
        input: markInput(target.input, target.runs === undefined ? mark : { ...mark, runs: target.runs }),
      };
    case "stateMachine":
      return { target: target.arn, input: markInput(target.input, mark) };
    case "pipeline":
      return {
        target: universalTarget(region, "sagemaker:startPipelineExecution"),
        input: {
          ClientRequestToken: `${clientToken(owner.namespace, owner.environment, job.name)}-${SCHEDULED_TIME}`,
          PipelineExecutionDescription: markDescription(mark),
          PipelineName: target.name,
          PipelineParameters: Object.entries(target.parameters).map(([Name, Value]) => ({ Name, Value })),
        },
      };
    case "glueJob":
      return {
        target: universalTarget(region, "glue:startJobRun"),
        input: { Arguments: markArguments(target.arguments, mark), JobName: target.name, ...glueTimeout(job) },
      };
  }
}

/** Glue counts in whole minutes, and ends the run by itself. */
export function glueTimeout({ guard }: Job): { readonly Timeout?: number } {
  const stops = guard.mode === "enforce" && guard.onBreach === "stop" && !guard.protect;
  return stops && guard.durationSeconds !== undefined ? { Timeout: Math.ceil(guard.durationSeconds / 60) } : {};
}

/** Why rota hears nothing of the runs that the schedule starts; undefined where they are listed. */
export function unseenTarget(target: Target): string | undefined {
  if (target.kind !== "function" || target.runs === "log") return undefined;
  return "Lambda lists no invocations: what its schedule starts is seen by nobody";
}

function warningsOf({ guard }: Job, target: Target): readonly string[] {
  const unseen = unseenTarget(target);
  if (unseen !== undefined) {
    const option = "where nobody else invokes the function, runs: log in the target takes them from its log";
    return [`${unseen}; no run is observed, limited or stopped, and no fire is missed; ${option}`];
  }
  if (target.kind === "function") {
    const whoever = "every invocation that its log tells of is a run of this job, whoever invoked it";
    const unstopped =
      "no run of it can be stopped: Lambda ends it at the function's own time limit, after 15 minutes at most";
    return [
      whoever,
      unstopped,
      "nothing is known of what it uses before its end: idle, output and disk are not judged",
    ];
  }
  const warnings = [`nothing is known of what it uses and costs: idle, output, disk and cost are not judged`];
  if (guard.durationSeconds !== undefined && target.kind !== "glueJob") {
    const limit = durationText(guard.durationSeconds);
    warnings.push(`past ${limit} only the daemon stops it, unless its own definition has a time limit`);
  }
  return warnings;
}
