import { type Finding, next, ProviderError, pages } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { groupName, type Owner } from "../naming.ts";
import { PAGE } from "../resources/world.ts";
import { RUNBOOKS } from "../work/index.ts";
import { found } from "./finding.ts";

const NAME = "machines";

/** Where a schedule starts or stops machines: what sees their runs. Nothing is said where none does. */
export async function checkMachines(
  api: Api,
  owner: Owner,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  if (!(await hasRunbooks(api, owner, signal))) return [];
  const Filters = [{ Key: "DocumentNamePrefix" as const, Values: [RUNBOOKS.start] }];
  await api.send("ssm:DescribeAutomationExecutions", { Filters, MaxResults: 1 }, signal);
  // The least that EC2 takes.
  await api.send("ec2:DescribeInstances", { MaxResults: 5 }, signal);
  return [found(NAME, true, "executions of the runbooks can be listed, and machines described")];
}

async function hasRunbooks(api: Api, owner: Owner, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const schedules = await pages((token) =>
      api
        .send(
          "scheduler:ListSchedules",
          { GroupName: groupName(owner), MaxResults: PAGE, ...next("NextToken", token) },
          signal,
        )
        .then((page) => ({ items: page.Schedules ?? [], next: page.NextToken })),
    );
    return schedules.some(({ Target }) => Target?.Arn?.endsWith(":ssm:startAutomationExecution"));
  } catch (error) {
    // Nothing was ever applied.
    if (error instanceof ProviderError && error.code === "missing") return false;
    throw error;
  }
}
