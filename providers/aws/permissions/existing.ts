import type { CallName } from "../api/index.ts";
import { arnOf } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { logGroupOf, nameOf } from "../runs/functions/index.ts";
import type { Target } from "../work/index.ts";
import { allow, type Statement } from "./iam.ts";

/** IAM's word for Step Functions is another than the SDK's. */
const states = (call: CallName): string => call.replace(/^sfn:/, "states:");

/** What starts exactly these: their names are known, and nothing else is allowed. */
export function startExisting(targets: readonly Target[], options: AwsOptions): readonly Statement[] {
  const by = (kind: Target["kind"]): readonly string[] => arns(targets, kind, options);
  return [
    ...of("Invoke", ["lambda:InvokeFunction"], by("function")),
    ...of("StartExecutions", [states("sfn:StartExecution")], by("stateMachine")),
    ...of("StartPipelines", ["sagemaker:StartPipelineExecution"], by("pipeline")),
    ...of("StartGlueJobs", ["glue:StartJobRun"], by("glueJob")),
  ];
}

/** What lists, reads and stops their runs. AWS knows no tags of ours on those: they are narrowed by what is run. */
export function watchExisting(targets: readonly Target[], options: AwsOptions): readonly Statement[] {
  const machines = arns(targets, "stateMachine", options);
  const executions = machines.map((arn) => `${arn.replace(":stateMachine:", ":execution:")}:*`);
  const pipelines = arns(targets, "pipeline", options);
  const jobs = arns(targets, "glueJob", options);
  const one = [states("sfn:DescribeExecution"), states("sfn:StopExecution")];
  const pipeline: readonly CallName[] = ["sagemaker:DescribePipelineExecution", "sagemaker:StopPipelineExecution"];
  return [
    ...of("ListExecutions", [states("sfn:ListExecutions")], machines),
    ...of("Executions", one, executions),
    ...of("ListPipelines", ["sagemaker:ListPipelineExecutions"], pipelines),
    ...of(
      "Pipelines",
      pipeline,
      pipelines.map((arn) => `${arn}/execution/*`),
    ),
    ...of("GlueJobs", ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns"], jobs),
    ...watchFunctions(targets, options),
  ];
}

/** What reads their invocations from their logs. */
function watchFunctions(targets: readonly Target[], options: AwsOptions): readonly Statement[] {
  const logged = targets.filter((target) => target.kind === "function" && target.runs === "log");
  const functions = arns(logged, "function", options);
  const groups = functions.map((arn) => arnOf(options, "logs", `log-group:${logGroupOf(nameOf(arn))}:*`));
  return [
    ...of("Functions", ["lambda:GetFunctionConfiguration"], functions),
    ...of("FunctionLogs", ["logs:FilterLogEvents", "logs:GetLogEvents"], [...new Set(groups)]),
    // AWS allows it for every metric or none.
    ...(functions.length === 0 ? [] : [allow("LookAtFunctions", ["cloudwatch:GetMetricData"], "*")]),
  ];
}

function of(Sid: string, actions: readonly string[], resources: readonly string[]): readonly Statement[] {
  return resources.length === 0 ? [] : [allow(Sid, actions, resources)];
}

function arns(targets: readonly Target[], kind: Target["kind"], options: AwsOptions): readonly string[] {
  const found = targets.flatMap((target) => {
    if (target.kind !== kind) return [];
    if ("arn" in target) return [target.arn];
    // Pipelines' ARNs are in lower case, whatever their names are.
    if (target.kind === "pipeline") return [arnOf(options, "sagemaker", `pipeline/${target.name.toLowerCase()}`)];
    return [arnOf(options, "glue", `job/${target.name}`)];
  });
  return [...new Set(found)].sort();
}
