import type { VmWorkload } from "../../../src/model/index.ts";
import { arnOf, type Owner, partitionOf } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { RUNBOOKS } from "../work/index.ts";
import { allow, type Statement } from "./iam.ts";
import { tagsAsked } from "./tags.ts";

/** What lists and reads the runbooks' executions: AWS narrows a listing by nothing, and a tag that is read is how ours are known. */
export function watchMachines(workloads: readonly VmWorkload[], options: AwsOptions): readonly Statement[] {
  if (workloads.length === 0) return [];
  const starts = workloads.some(({ action }) => action === "start");
  const executions = arnOf(options, "ssm", "automation-execution/*");
  return [
    allow("ListRunbooks", ["ssm:DescribeAutomationExecutions", ...(starts ? ["cloudwatch:GetMetricData"] : [])], "*"),
    allow("ReadRunbooks", ["ssm:GetAutomationExecution", "ssm:ListTagsForResource"], executions),
  ];
}

/** Exactly the machines that are named, or those with the tag. `andBack`: what a start brought up may be stopped. */
export function machineStatements(
  workloads: readonly VmWorkload[],
  options: AwsOptions,
  andBack: boolean,
): readonly Statement[] {
  const statements: Statement[] = [];
  for (const action of ["start", "stop"] as const) {
    const mine = workloads.filter((each) => each.action === action || (andBack && action === "stop"));
    const call = action === "start" ? "ec2:StartInstances" : "ec2:StopInstances";
    const name = action === "start" ? "StartMachines" : "StopMachines";
    const ids = [...new Set(mine.flatMap(({ instances }) => instances))].sort();
    if (ids.length > 0)
      statements.push(
        allow(
          name,
          [call],
          ids.map((id) => arnOf(options, "ec2", `instance/${id}`)),
        ),
      );
    const pairs = mine.flatMap(({ tags }) => Object.entries(tags));
    for (const [index, [tag, value]] of new Map(pairs).entries().toArray().entries()) {
      const tagged = { StringEquals: { [`aws:ResourceTag/${tag}`]: value } };
      statements.push(allow(`${name}ByTag${index + 1}`, [call], arnOf(options, "ec2", "instance/*"), tagged));
    }
  }
  // EC2 narrows its lists by nothing.
  return workloads.length === 0 ? [] : [...statements, allow("LookAtMachines", ["ec2:DescribeInstances"], "*")];
}

/** For whoever starts AWS's own runbooks: they act as the one who does. */
export function runbookStatements(
  workloads: readonly VmWorkload[],
  options: AwsOptions,
  owner: Owner,
): readonly Statement[] {
  if (workloads.length === 0) return [];
  const { region } = options;
  const isByTag = workloads.some(({ tags }) => Object.keys(tags).length > 0);
  const documents = [...new Set(workloads.map(({ action }) => RUNBOOKS[action]))];
  return [
    allow(
      "Runbooks",
      ["ssm:StartAutomationExecution"],
      documents.map((name) => `arn:${partitionOf(region)}:ssm:${region}::automation-definition/${name}:*`),
    ),
    allow("TagRunbooks", ["ssm:AddTagsToResource"], arnOf(options, "ssm", "automation-execution/*"), tagsAsked(owner)),
    // A tag is looked up as its caller, too (User guide, the automation roles of several accounts).
    allow("LookAtMachineStates", ["ec2:DescribeInstanceStatus", ...(isByTag ? ["tag:GetResources"] : [])], "*"),
  ];
}
