import type { WorldClock } from "../clock.ts";
import { parseHandleId } from "./handle.ts";
import type { AwsWorld } from "./world.ts";

/** What a task used in the last minute, next to nothing unless it is said, as Container Insights would write it. */
export async function writePerformance(
  world: Pick<AwsWorld<WorldClock>, "cluster" | "clock" | "writeLog">,
  arn: string,
  used: { readonly CpuUtilized: number } = { CpuUtilized: 1.5 },
): Promise<void> {
  const event = {
    Type: "Task",
    TaskId: parseHandleId(arn),
    ClusterName: world.cluster,
    Timestamp: world.clock.now(),
    ...used,
    CpuReserved: 1024,
    MemoryUtilized: 12,
    StorageReadBytes: 0,
    StorageWriteBytes: 0,
    NetworkRxBytes: 0,
    NetworkTxBytes: 0,
  };
  // The log driver makes the stream when the container starts.
  await world.writeLog(`rota/job/${parseHandleId(arn)}`, []);
  await world.writeLog("tasks", [JSON.stringify(event)], `/aws/ecs/containerinsights/${world.cluster}/performance`);
}
