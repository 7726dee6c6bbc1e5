import type { CallName } from "../api/index.ts";
import { arnOf, jobDefinitionName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Statement } from "./iam.ts";
import { tagsAsked, tagsHeld } from "./tags.ts";

/** AWS allows these for every resource or none. */
const LOOK: readonly CallName[] = [
  "batch:DescribeJobDefinitions",
  "batch:DescribeJobQueues",
  "batch:DescribeJobs",
  "batch:ListJobs",
];

export function submitStatements(options: AwsOptions, owner: Owner): readonly Statement[] {
  const { jobQueue = "" } = options;
  const queue = jobQueue.startsWith("arn:") ? jobQueue : arnOf(options, "batch", `job-queue/${jobQueue}`);
  return [
    allow("SubmitJobs", ["batch:SubmitJob"], [definitions(options, owner), queue]),
    allow("TagJobs", ["batch:TagResource"], arnOf(options, "batch", "job/*"), tagsAsked(owner)),
  ];
}

export function batchStatements(options: AwsOptions, owner: Owner): readonly Statement[] {
  const ours = definitions(options, owner);
  return [
    allow("LookAtJobs", LOOK, "*"),
    allow("RetireJobs", ["batch:DeregisterJobDefinition"], ours, tagsHeld(owner)),
    allow("StopJobs", ["batch:TerminateJob"], arnOf(options, "batch", "job/*"), tagsHeld(owner)),
  ];
}

export function defineJobs(options: AwsOptions, owner: Owner): Statement {
  const made = ["batch:RegisterJobDefinition", "batch:TagResource"];
  return allow("DefineJobs", made, definitions(options, owner), tagsAsked(owner));
}

function definitions(options: AwsOptions, owner: Owner): string {
  return arnOf(options, "batch", `job-definition/${jobDefinitionName(owner, "")}*`);
}
