import type { DesiredJob, JsonObject, Rendering, Resource } from "../model/index.ts";
import { canonical } from "../model/index.ts";

/**
 * What a job becomes where the daemon itself fires (`capabilities.schedules` is `engine`): one resource of kind
 * `schedule`, named like the job, whose fields are the desired job. What is deployed can be read back and
 * dispatched with no manifest at hand.
 */
export function renderDesired(desired: DesiredJob): Rendering {
  const fields = JSON.parse(canonical(desired)) as JsonObject;
  return {
    resources: [{ kind: "schedule", id: desired.job.name, job: desired.job.name, fields }],
    warnings: [],
    differences: [],
  };
}

/** The job that such a resource holds, or undefined when it holds none (another kind, or edited by hand beyond use). */
export function desiredOf(resource: Resource): DesiredJob | undefined {
  const { job } = resource.fields;
  if (resource.kind !== "schedule" || job === null || typeof job !== "object" || Array.isArray(job)) return undefined;
  const parts = job as JsonObject;
  if (typeof parts.name !== "string" || typeof parts.schedule !== "object" || typeof parts.workload !== "object") {
    return undefined;
  }
  return resource.fields as unknown as DesiredJob;
}
