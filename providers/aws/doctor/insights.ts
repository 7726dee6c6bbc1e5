import type { Finding } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { AwsOptions } from "../options.ts";
import { found } from "./finding.ts";

const NAME = "container insights";
/**
 * CloudWatch bills what Container Insights writes as custom metrics, by the hour in which they were written, and its
 * log by the byte. Ten metrics of a task definition (user guide, "Amazon ECS Container Insights metrics") at $0.30 a
 * month, list price of us-east-1 and not asked of AWS: $0.0041 an hour.
 */
const PRICE =
  "CloudWatch bills about $0.004 for each hour in which a job runs (ten metrics at $0.30 a month), and its log ($0.50/GB; list prices of us-east-1, yours were not asked)";

/** On or off, what that costs, and what it means for the judgement of idle runs. */
export async function checkInsights(api: Api, options: AwsOptions, signal: AbortSignal | undefined): Promise<Finding> {
  const { cluster, containerInsights } = options;
  const { clusters = [] } = await api.send(
    "ecs:DescribeClusters",
    { clusters: [cluster], include: ["SETTINGS"] },
    signal,
  );
  const value = clusters[0]?.settings?.find(({ name }) => name === "containerInsights")?.value ?? "disabled";
  const isOn = value === "enabled" || value === "enhanced";
  if (isOn && containerInsights) return found(NAME, true, `${value}: ${PRICE}`);
  if (isOn) {
    const detail = `${value}, but the manifest does not say so: idle is not judged, and it is paid for. ${PRICE}`;
    return found(NAME, "warning", detail, "say containerInsights: true under the placement");
  }
  const detail = `off: nothing is known of CPU, disk and network, so idle is not judged on this placement. On, ${PRICE}`;
  const fix = `aws ecs update-cluster-settings --cluster ${cluster} --settings name=containerInsights,value=enabled`;
  return found(NAME, containerInsights ? false : "warning", detail, fix);
}
