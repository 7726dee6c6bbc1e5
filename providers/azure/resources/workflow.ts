import type { DesiredJob, JsonObject, OwnershipMark, Resource } from "../../../src/model/index.ts";
import { foreignTags, identityId, resourceName, sameId, tagsOf } from "../naming.ts";
import type { AzureOptions } from "../options.ts";
import type { Place } from "../place.ts";
import { type NativeTrigger, writeTrigger } from "../translate/index.ts";
import { actionsOf } from "./actions.ts";
import { withoutEmpty } from "./job.ts";
import type { Raw } from "./world.ts";

const SCHEMA =
  "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
/** The trigger by which rota itself starts what has no Container Apps job. */
export const BY_ROTA = "rota";

/** What rota manages of a workflow; the same whether it is wanted or read back. */
export interface WorkflowFields {
  readonly location: string;
  readonly triggers: JsonObject;
  readonly actions: JsonObject;
  /** Absent where nothing is asked of Azure. */
  readonly identity?: string;
}

/** A Consumption workflow as ARM has it (Microsoft.Logic/workflows), as far as rota reads it. */
export interface RawWorkflow extends Raw {
  readonly identity?: { readonly type?: string; readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties?: {
    readonly provisioningState?: string;
    readonly state?: string;
    readonly version?: string;
    readonly definition?: {
      readonly triggers?: JsonObject;
      readonly actions?: JsonObject;
      readonly [name: string]: unknown;
    };
    readonly parameters?: JsonObject;
    readonly [name: string]: unknown;
  };
}

/** The workflow of a job; undefined when it needs none. */
export function workflowResource(
  { job }: DesiredJob,
  triggers: readonly NativeTrigger[],
  place: Place,
): Resource | undefined {
  const { owner, options } = place;
  const runsJob = job.workload.kind === "container";
  const actions = actionsOf(job, place);
  if (!actions || (runsJob && triggers.length === 0)) return undefined;
  const asks = job.workload.kind !== "http" || Object.keys(job.workload.secrets).length > 0;
  const identity = asks ? identityId(options, options.triggerIdentity) : undefined;
  const fields: WorkflowFields = {
    location: options.location,
    triggers: {
      ...Object.fromEntries(triggers.map((trigger, index) => [`schedule-${index + 1}`, writeTrigger(trigger)])),
      ...(runsJob ? {} : { [BY_ROTA]: { type: "Request", kind: "Http", inputs: { schema: {} } } }),
    },
    actions,
    ...(identity === undefined ? {} : { identity }),
  };
  const id = resourceName(owner, job.name);
  return {
    kind: "workflow",
    id,
    job: job.name,
    fields: fields as unknown as JsonObject,
    ...(runsJob ? { dependsOn: [`job/${id}`] } : {}),
  };
}

export interface WorkflowBody {
  readonly mark: OwnershipMark;
  readonly fields: WorkflowFields;
  readonly paused: boolean;
  readonly held?: RawWorkflow | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A whole PUT of a workflow. */
export function workflowBody({ mark, fields, paused, held, tags = {} }: WorkflowBody): RawWorkflow {
  const { definition = {}, parameters, integrationAccount } = held?.properties ?? {};
  const known = Object.keys(held?.identity?.userAssignedIdentities ?? {}).filter((id) => !sameId(id, fields.identity));
  const identities = [...known, ...(fields.identity === undefined ? [] : [fields.identity])];
  return {
    location: fields.location,
    tags: { ...foreignTags(held?.tags), ...tagsOf(mark, tags) },
    ...(identities.length === 0
      ? {}
      : {
          identity: {
            type: "UserAssigned",
            userAssignedIdentities: Object.fromEntries(identities.map((id) => [id, {}])),
          },
        }),
    properties: {
      state: paused ? "Disabled" : "Enabled",
      definition: {
        $schema: SCHEMA,
        contentVersion: "1.0.0.0",
        outputs: {},
        ...definition,
        triggers: fields.triggers,
        actions: fields.actions,
      },
      parameters: parameters ?? {},
      ...(integrationAccount === undefined ? {} : { integrationAccount }),
    },
  };
}

/** What rota manages of a workflow that was read, and what somebody set beside it. */
export function readWorkflow(
  raw: RawWorkflow,
  options: AzureOptions,
): { readonly fields: WorkflowFields; readonly unmanaged: JsonObject } {
  const { definition = {}, parameters, integrationAccount } = raw.properties ?? {};
  const { triggers = {}, actions = {}, $schema: _schema, contentVersion: _version, ...beyond } = definition;
  const wanted = identityId(options, options.triggerIdentity);
  const identities = Object.keys(raw.identity?.userAssignedIdentities ?? {});
  const identity = identities.some((id) => sameId(id, wanted)) ? wanted : undefined;
  const fields: WorkflowFields = {
    location: (raw.location ?? "").toLowerCase().replaceAll(" ", ""),
    triggers,
    actions,
    ...(identity === undefined ? {} : { identity }),
  };
  const unmanaged = withoutEmpty({
    ...beyond,
    parameterValues: parameters,
    integrationAccount,
    identities: identities.filter((id) => !sameId(id, wanted)),
    tags: foreignTags(raw.tags),
  });
  return { fields, unmanaged };
}
