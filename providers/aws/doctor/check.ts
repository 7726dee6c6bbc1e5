import type { Instant } from "../../../src/model/index.ts";
import type { Finding } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { eventQueueArn, groupName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { Scheduled } from "../runs/targets.ts";
import { checkEvents } from "./events.ts";
import { answer, type Check, found } from "./finding.ts";
import { checkFunctions } from "./functions.ts";
import { checkInsights } from "./insights.ts";
import { checkMachines } from "./machines.ts";
import { checkPermissions } from "./missing.ts";
import { quotaChecks } from "./quotas.ts";
import { checkRequests } from "./requests.ts";
import { checkRoles } from "./roles.ts";

/** What `rota doctor` asks AWS. Never throws. */
export async function checkAws(
  api: Api,
  owner: Owner,
  options: AwsOptions,
  now: Instant,
  /** What the deployed schedules start. */
  scheduled: () => Promise<Scheduled>,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const queue = eventQueueArn(options, owner);
  const checks: Readonly<Record<string, Check>> = {
    identity: () => identity(api, options, signal),
    permissions: () => checkPermissions(api, owner, options, signal),
    cluster: () => cluster(api, options, signal),
    "container insights": () => checkInsights(api, options, signal),
    subnets: () => subnets(api, options, signal),
    ...(options.jobQueue === undefined ? {} : { "job queue": () => jobQueue(api, options.jobQueue ?? "", signal) }),
    ...(queue === undefined ? {} : { "events queue": () => checkEvents(api, { options, owner, queue }, now, signal) }),
    roles: () => checkRoles(api, options, signal),
    schedules: async () => {
      await api.send("scheduler:ListScheduleGroups", { NamePrefix: groupName(owner) }, signal);
      return found("schedules", true, "schedule groups can be listed");
    },
    tasks: async () => {
      await api.send("ecs:ListTasks", { cluster: options.cluster, desiredStatus: "RUNNING" }, signal);
      return found("tasks", true, "the cluster's tasks can be listed");
    },
    ...quotaChecks(api, owner, options, signal),
    machines: () => checkMachines(api, owner, signal),
    functions: async () => checkFunctions(api, (await scheduled()).function, signal),
    requests: async () => checkRequests(api, owner, (await scheduled()).request, now, signal),
  };
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) findings.push(...(await answer(name, check)));
  return findings;
}

async function identity(api: Api, options: AwsOptions, signal: AbortSignal | undefined): Promise<Finding> {
  const { Arn = "", Account = "" } = await api.send("sts:GetCallerIdentity", {}, signal);
  if (Account === options.account) return found("identity", true, `${Arn} in ${options.region}`);
  const fix = "use the credentials of that account, or correct providers.*.account";
  return found("identity", false, `${Arn} is of account ${Account}, not ${options.account}`, fix);
}

async function cluster(api: Api, options: AwsOptions, signal: AbortSignal | undefined): Promise<Finding> {
  const { clusters = [] } = await api.send("ecs:DescribeClusters", { clusters: [options.cluster] }, signal);
  if (clusters[0]?.status === "ACTIVE") return found("cluster", true, `${options.cluster} is active`);
  const fix = `aws ecs create-cluster --cluster-name ${options.cluster} --region ${options.region}`;
  return found("cluster", false, `there is no active cluster ${options.cluster} in ${options.region}`, fix);
}

async function jobQueue(api: Api, name: string, signal: AbortSignal | undefined): Promise<Finding> {
  const { jobQueues = [] } = await api.send("batch:DescribeJobQueues", { jobQueues: [name] }, signal);
  const [queue] = jobQueues;
  if (!queue)
    return found("job queue", false, `there is no job queue ${name}`, "make it (docs/aws.md), or correct jobQueue");
  const isOpen = queue.state === "ENABLED" && queue.status === "VALID";
  const detail = `${name} is ${queue.state?.toLowerCase()} and ${queue.status?.toLowerCase()}`;
  return isOpen
    ? found("job queue", true, detail)
    : found("job queue", false, detail, "aws batch update-job-queue --state ENABLED");
}

async function subnets(api: Api, options: AwsOptions, signal: AbortSignal | undefined): Promise<Finding> {
  const { Subnets = [] } = await api.send("ec2:DescribeSubnets", { SubnetIds: [...options.subnets] }, signal);
  const ids = new Set(Subnets.map(({ SubnetId }) => SubnetId));
  const gone = options.subnets.filter((id) => !ids.has(id));
  if (gone.length > 0)
    return found("subnets", false, `${gone.join(", ")} are not there`, "correct providers.*.subnets");
  const vpcs = new Set(Subnets.map(({ VpcId }) => VpcId));
  if (vpcs.size > 1) return found("subnets", false, "they are in different VPCs", "name subnets of one VPC");
  const named = Subnets.map(({ SubnetId, AvailabilityZone }) => `${SubnetId} (${AvailabilityZone})`);
  return found("subnets", true, named.join(", "));
}
