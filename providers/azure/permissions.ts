import type { DesiredJob } from "../../src/model/index.ts";
import type { PermissionDocument } from "../../src/provider/index.ts";
import { environmentId, groupId, identityId, type Owner } from "./naming.ts";
import type { Place } from "./place.ts";

const LOOK = [
  "Microsoft.App/jobs/read",
  "Microsoft.App/managedEnvironments/read",
  "Microsoft.Logic/workflows/read",
  "Microsoft.Resources/subscriptions/resourceGroups/read",
];
const JOBS = [
  "Microsoft.App/jobs/delete",
  "Microsoft.App/jobs/execution/read",
  "Microsoft.App/jobs/executions/read",
  "Microsoft.App/jobs/start/action",
  "Microsoft.App/jobs/stop/execution/action",
  "Microsoft.App/jobs/write",
  "Microsoft.App/managedEnvironments/join/action",
  "Microsoft.Insights/metrics/read",
];
const WORKFLOWS = [
  "Microsoft.Logic/workflows/delete",
  "Microsoft.Logic/workflows/disable/action",
  "Microsoft.Logic/workflows/enable/action",
  "Microsoft.Logic/workflows/write",
];
const WORKFLOW_RUNS = [
  "Microsoft.Logic/workflows/runs/actions/read",
  "Microsoft.Logic/workflows/runs/cancel/action",
  "Microsoft.Logic/workflows/runs/read",
  "Microsoft.Logic/workflows/triggers/listCallbackUrl/action",
];
const IDENTITIES = [
  "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
  "Microsoft.ManagedIdentity/userAssignedIdentities/read",
];
const LOGS = [
  "Microsoft.OperationalInsights/workspaces/query/Tables.Custom/read",
  "Microsoft.OperationalInsights/workspaces/query/read",
  "Microsoft.OperationalInsights/workspaces/read",
];
const MACHINES = {
  start: "Microsoft.Compute/virtualMachines/start/action",
  stop: "Microsoft.Compute/virtualMachines/deallocate/action",
} as const;
/** Machines that are named by their tags have to be found. */
const MACHINES_READ = "Microsoft.Compute/virtualMachines/read";
const SECRETS = ["Microsoft.KeyVault/vaults/secrets/getSecret/action"];

interface Role {
  readonly name: string;
  readonly title: string;
  readonly purpose: string;
  readonly assignee: string;
  readonly actions: readonly string[];
  readonly dataActions?: readonly string[];
  readonly scopes: readonly string[];
}

/** The least that these jobs ask of a subscription: custom roles, assignable in the groups that the placement names. */
export function permissionsOf(jobs: readonly DesiredJob[], { owner, options }: Place): readonly PermissionDocument[] {
  const group = groupId(options);
  const workloads = jobs.map(({ job }) => job.workload);
  const has = (kind: string): boolean => workloads.some((workload) => workload.kind === kind);
  const named = [identityId(options, options.identity), identityId(options, options.triggerIdentity)];
  const identities = named.filter((id) => id !== undefined);
  const { logAnalyticsWorkspace: workspace } = options;
  const places = [environmentId(options), ...identities, ...(workspace === undefined ? [] : [workspace])];
  const documents = [
    document(owner, {
      name: "rota-role",
      title: "rota",
      purpose: "for whoever runs rota plan, apply and the daemon",
      assignee: "APP-OR-USER-ID",
      actions: [
        ...LOOK,
        ...JOBS,
        ...WORKFLOWS,
        ...(has("http") || has("vm") ? WORKFLOW_RUNS : []),
        ...(identities.length > 0 ? IDENTITIES : []),
        ...(workspace === undefined ? [] : LOGS),
      ],
      scopes: [group, ...places.map(groupOf)],
    }),
  ];
  if (options.triggerIdentity !== undefined) {
    const machines = workloads.flatMap((workload) => {
      if (workload.kind !== "vm") return [];
      const byTags = Object.keys(workload.tags).length > 0;
      return [MACHINES[workload.action], ...(byTags ? [MACHINES_READ] : [])];
    });
    const machineGroups = workloads.flatMap((workload) =>
      workload.kind === "vm" ? workload.instances.filter((id) => id.startsWith("/")).map(groupOf) : [],
    );
    const reads = workloads.some((workload) => workload.kind === "http" && Object.keys(workload.secrets).length > 0);
    documents.push(
      document(owner, {
        name: "trigger-role",
        title: "rota trigger",
        purpose: "for the identity that Logic Apps start jobs and machines as",
        assignee: "PRINCIPAL-ID-OF-triggerIdentity",
        actions: [...(has("container") ? ["Microsoft.App/jobs/start/action"] : []), ...machines],
        dataActions: reads ? SECRETS : [],
        scopes: [group, ...machineGroups],
      }),
    );
  }
  const asks = workloads.some((workload) => workload.kind === "container" && Object.keys(workload.secrets).length > 0);
  if (options.identity !== undefined && asks) {
    documents.push(
      document(owner, {
        name: "job-role",
        title: "rota job",
        purpose: "for the identity that jobs read their secrets as; give it where the vault is",
        assignee: "PRINCIPAL-ID-OF-identity",
        actions: [],
        dataActions: SECRETS,
        scopes: [group],
      }),
    );
  }
  return documents;
}

function document({ namespace, environment }: Owner, role: Role): PermissionDocument {
  const title = `${role.title} ${namespace} ${environment}`;
  const [first = "", ...others] = [...new Map(role.scopes.map((scope) => [scope.toLowerCase(), scope])).values()];
  const create = `az role definition create --role-definition @${role.name}.json`;
  const assign = [first, ...others].map(
    (scope) => `az role assignment create --assignee ${role.assignee} --role "${title}" --scope ${scope}`,
  );
  return {
    name: role.name,
    purpose: role.purpose,
    document: {
      Name: title,
      IsCustom: true,
      Description: `rota: ${role.purpose}`,
      Actions: [...new Set(role.actions)].sort(),
      NotActions: [],
      DataActions: [...(role.dataActions ?? [])],
      NotDataActions: [],
      AssignableScopes: [first, ...others],
    },
    command: [create, ...assign].join("\n  "),
  };
}

/** The resource group of a resource, by its id. */
function groupOf(id: string): string {
  return id.split("/").slice(0, 5).join("/");
}
