import type { DesiredJob, Instant, Rendering, Resource } from "../../src/model/index.ts";
import { secretUrl } from "./naming.ts";
import type { AzureOptions } from "./options.ts";
import type { Place } from "./place.ts";
import { jobResource, LONGEST_SECONDS, limitOf } from "./resources/job.ts";
import { workflowResource } from "./resources/workflow.ts";
import { sizeOf } from "./sizes.ts";
import { type Native, translate } from "./translate/index.ts";

/** A synchronous HTTP action of a Consumption workflow ends after this (Logic Apps, "Limits and configuration"). */
const MOST_HTTP_SECONDS = 120;

/** What a job becomes in Azure: its Container Apps job first, then the workflow that starts it, where it has one. */
export function render(desired: DesiredJob, place: Place, now: Instant): Rendering {
  const { job } = desired;
  const { options } = place;
  const refusal = refusalOf(desired, options);
  if (refusal) return refuse(refusal);
  const isContainer = job.workload.kind === "container";
  const translation = translate(desired, now, isContainer);
  if (!translation.ok) return refuse(translation);
  const { native } = translation;
  const workflow = workflowResource(desired, native.kind === "triggers" ? native.triggers : [], place);
  if (workflow && workflow.fields["identity"] === undefined && needsIdentity(desired))
    return refuse({
      reason: `${whyWorkflow(native, job.workload.kind)}: a Logic App has to ask Azure, and the placement names no identity for it`,
      fix: "name a user-assigned identity with triggerIdentity (rota permissions azure says what it needs)",
    });
  const container = isContainer ? jobResource(job, place, native.kind === "own" ? native.cron : undefined) : undefined;
  const resources = [container, workflow].filter((each): each is Resource => each !== undefined);
  return {
    resources,
    warnings: [
      ...sizeWarnings(desired),
      ...triggerWarnings(desired, native),
      ...translation.warnings,
      ...limitWarnings(desired, place),
    ],
    differences: translation.differences,
  };
}

interface Refusal {
  readonly reason: string;
  readonly fix: string;
}

function refusalOf({ job }: DesiredJob, options: AzureOptions): Refusal | undefined {
  const { workload } = job;
  const unknown = Object.keys(job.options);
  if (unknown.length > 0) {
    const names = unknown.map((name) => `"${name}"`).join(", ");
    return { reason: `azure knows no option ${names} for a job`, fix: "remove it" };
  }
  if (workload.kind === "process" || workload.kind === "target")
    return {
      reason: `a ${workload.kind} cannot be run on Azure by rota`,
      fix: "make it a container, or place it elsewhere",
    };
  if (workload.kind === "container" || workload.kind === "http") {
    for (const reference of Object.values(workload.secrets)) {
      if (secretUrl(reference, options) === undefined)
        return {
          reason: `the secret "${reference}" is in no Key Vault`,
          fix: "name the placement's vault with keyVault, or write VAULT/NAME",
        };
    }
  }
  if (workload.kind === "container") {
    if (workload.gpu !== undefined && workload.gpu > 0)
      return {
        reason: "rota runs no GPUs on Container Apps",
        fix: "place the job on a provider that has, or drop gpu",
      };
    if (!sizeOf(workload.cpu, workload.memoryBytes))
      return {
        reason: `Container Apps have no size for ${workload.cpu} vCPU and ${workload.memoryBytes} bytes`,
        fix: "at most 4 vCPU and 8GiB",
      };
    if (Object.keys(workload.secrets).length > 0 && options.identity === undefined)
      return {
        reason: "its secrets are read from Key Vault as an identity, and the placement names none",
        fix: "name a user-assigned identity with identity",
      };
  }
  if (workload.kind === "http" && workload.timeoutSeconds > MOST_HTTP_SECONDS)
    return {
      reason: `a Logic App waits for an answer at most ${MOST_HTTP_SECONDS} s, not ${workload.timeoutSeconds}`,
      fix: "let the server answer at once and work on, or make it a container",
    };
  return undefined;
}

function needsIdentity({ job: { workload } }: DesiredJob): boolean {
  return workload.kind !== "http" || Object.keys(workload.secrets).length > 0;
}

function whyWorkflow(native: Native, kind: string): string {
  if (kind !== "container") return `a ${kind} job`;
  return native.kind === "triggers" ? native.why : "its schedule";
}

/** Which of the two triggers it is, and why. */
function triggerWarnings({ job }: DesiredJob, native: Native): string[] {
  if (native.kind !== "triggers" || job.workload.kind !== "container") return [];
  return [`a Logic App starts it: the job's own trigger knows five fields in UTC alone, and ${native.why}`];
}

function sizeWarnings({ job: { workload } }: DesiredJob): string[] {
  if (workload.kind !== "container") return [];
  const size = sizeOf(workload.cpu, workload.memoryBytes);
  if (!size || size.exact) return [];
  return [
    `it gets the next size that Container Apps have, ${size.cpu} vCPU and ${size.memoryGib} GiB: that is what it costs`,
  ];
}

/** What ends a run while no daemon does. */
function limitWarnings({ job }: DesiredJob, place: Place): string[] {
  if (job.workload.kind !== "container") return [];
  const limit = limitOf(job, place);
  if (limit === undefined)
    return [`Azure ends a run of it after ${LONGEST_SECONDS / 86_400} days: no limit of its guard would`];
  if (limit.by === "duration" && job.guard.cost !== undefined && place.hourlyNanos?.(job) === undefined)
    return [`nobody but the daemon ends a run of it at its cost limit: there is no price for it`];
  return [];
}

function refuse({ reason, fix }: Refusal): Rendering {
  return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
}
