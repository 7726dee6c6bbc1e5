import { type Finding, ProviderError } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { groupName, type Owner } from "./naming.ts";
import type { AwsOptions } from "./options.ts";

type Check = () => Promise<Finding>;

/** What `rota doctor` asks AWS; each question by itself, so that one denial hides no other. Never throws. */
export async function checkAws(
  api: Api,
  owner: Owner,
  options: AwsOptions,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const checks: Readonly<Record<string, Check>> = {
    identity: async () => {
      const { Arn = "", Account = "" } = await api.send("sts:GetCallerIdentity", {}, signal);
      if (Account === options.account) return found("identity", true, `${Arn} in ${options.region}`);
      const fix = "use the credentials of that account, or correct providers.*.account";
      return found("identity", false, `${Arn} is of account ${Account}, not ${options.account}`, fix);
    },
    cluster: async () => {
      const { clusters = [] } = await api.send(
        "ecs:DescribeClusters",
        { clusters: [options.cluster], include: ["SETTINGS"] },
        signal,
      );
      const [cluster] = clusters;
      if (cluster?.status === "ACTIVE") return found("cluster", true, `${options.cluster} is active`);
      const fix = `aws ecs create-cluster --cluster-name ${options.cluster} --region ${options.region}`;
      return found("cluster", false, `there is no active cluster ${options.cluster} in ${options.region}`, fix);
    },
    "container insights": async () => {
      const { clusters = [] } = await api.send(
        "ecs:DescribeClusters",
        { clusters: [options.cluster], include: ["SETTINGS"] },
        signal,
      );
      const value = clusters[0]?.settings?.find(({ name }) => name === "containerInsights")?.value ?? "disabled";
      const isOn = value === "enabled" || value === "enhanced";
      if (isOn && options.containerInsights) return found("container insights", true, value);
      if (isOn) {
        const fix = "say containerInsights: true under the placement";
        return found(
          "container insights",
          "warning",
          `${value}, but the manifest does not say so: idle is not judged`,
          fix,
        );
      }
      const detail = "off: nothing is known of CPU, disk and network, so idle is not judged on this placement";
      const fix = `aws ecs update-cluster-settings --cluster ${options.cluster} --settings name=containerInsights,value=enabled`;
      return found("container insights", options.containerInsights ? false : "warning", detail, fix);
    },
    subnets: async () => {
      const { Subnets = [] } = await api.send("ec2:DescribeSubnets", { SubnetIds: [...options.subnets] }, signal);
      const ids = new Set(Subnets.map(({ SubnetId }) => SubnetId));
      const gone = options.subnets.filter((id) => !ids.has(id));
      if (gone.length > 0)
        return found("subnets", false, `${gone.join(", ")} are not there`, "correct providers.*.subnets");
      const vpcs = new Set(Subnets.map(({ VpcId }) => VpcId));
      if (vpcs.size > 1) return found("subnets", false, "they are in different VPCs", "name subnets of one VPC");
      return found(
        "subnets",
        true,
        `${Subnets.map(({ SubnetId, AvailabilityZone }) => `${SubnetId} (${AvailabilityZone})`).join(", ")}`,
      );
    },
    schedules: async () => {
      await api.send("scheduler:ListScheduleGroups", { NamePrefix: groupName(owner) }, signal);
      return found("schedules", true, "schedule groups can be listed");
    },
    tasks: async () => {
      await api.send("ecs:ListTasks", { cluster: options.cluster, desiredStatus: "RUNNING" }, signal);
      return found("tasks", true, "the cluster's tasks can be listed");
    },
  };
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) findings.push(await answer(name, check));
  return findings;
}

async function answer(name: string, check: Check): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ProviderError)) return found(name, false, String(error));
    return found(name, false, error.message === "" ? error.code : error.message, error.fix);
  }
}

function found(check: string, ok: Finding["ok"], detail: string, fix?: string): Finding {
  return { check, ok, detail, ...(fix === undefined ? {} : { fix }) };
}
