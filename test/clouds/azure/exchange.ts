/** One request as the server got it. */
export interface Exchange {
  readonly method: string;
  /** Without query, as it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  /** `Microsoft.App/jobs/start/action`: what a role has to allow; undefined where ARM asks for nothing. */
  readonly action: string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly code?: string; readonly retryAfterSeconds?: number }
  | { readonly kind: "html" }
  /** Carried out, and the connection dropped. */
  | { readonly kind: "lost" };

export class Refusal extends Error {
  readonly reply: Reply;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.reply = { status, body: { error: { code, message } } };
  }
}

const ROUTES: readonly (readonly [RegExp, string, string])[] = [
  [/\/providers\/Microsoft\.App\/jobs$/i, "GET", "Microsoft.App/jobs/read"],
  [/\/jobs\/[^/]+\/start$/i, "POST", "Microsoft.App/jobs/start/action"],
  [/\/jobs\/[^/]+\/executions$/i, "GET", "Microsoft.App/jobs/executions/read"],
  [/\/jobs\/[^/]+\/executions\/[^/]+$/i, "GET", "Microsoft.App/jobs/execution/read"],
  [/\/jobs\/[^/]+\/executions\/[^/]+\/stop$/i, "POST", "Microsoft.App/jobs/stop/execution/action"],
  [/\/providers\/Microsoft\.Insights\/metrics$/i, "GET", "Microsoft.Insights/metrics/read"],
  [/\/providers\/Microsoft\.App\/jobs\/[^/]+$/i, "GET", "Microsoft.App/jobs/read"],
  [/\/providers\/Microsoft\.App\/jobs\/[^/]+$/i, "PUT", "Microsoft.App/jobs/write"],
  [/\/providers\/Microsoft\.App\/jobs\/[^/]+$/i, "DELETE", "Microsoft.App/jobs/delete"],
  [/\/providers\/Microsoft\.App\/managedEnvironments\/[^/]+$/i, "GET", "Microsoft.App/managedEnvironments/read"],
  [/\/workflows$/i, "GET", "Microsoft.Logic/workflows/read"],
  [/\/workflows\/[^/]+\/(enable|disable)$/i, "POST", "Microsoft.Logic/workflows/$1/action"],
  [
    /\/workflows\/[^/]+\/triggers\/[^/]+\/listCallbackUrl$/i,
    "POST",
    "Microsoft.Logic/workflows/triggers/listCallbackUrl/action",
  ],
  [/\/workflows\/[^/]+\/runs$/i, "GET", "Microsoft.Logic/workflows/runs/read"],
  [/\/workflows\/[^/]+\/runs\/[^/]+$/i, "GET", "Microsoft.Logic/workflows/runs/read"],
  [/\/workflows\/[^/]+\/runs\/[^/]+\/cancel$/i, "POST", "Microsoft.Logic/workflows/runs/cancel/action"],
  [/\/workflows\/[^/]+\/runs\/[^/]+\/actions$/i, "GET", "Microsoft.Logic/workflows/runs/actions/read"],
  [/\/providers\/Microsoft\.Logic\/workflows\/[^/]+$/i, "GET", "Microsoft.Logic/workflows/read"],
  [/\/providers\/Microsoft\.Logic\/workflows\/[^/]+$/i, "PUT", "Microsoft.Logic/workflows/write"],
  [/\/providers\/Microsoft\.Logic\/workflows\/[^/]+$/i, "DELETE", "Microsoft.Logic/workflows/delete"],
  [/\/userAssignedIdentities\/[^/]+$/i, "GET", "Microsoft.ManagedIdentity/userAssignedIdentities/read"],
  [/\/providers\/Microsoft\.Compute\/virtualMachines$/i, "GET", "Microsoft.Compute/virtualMachines/read"],
  [/\/virtualMachines\/[^/]+\/(start|deallocate)$/i, "POST", "Microsoft.Compute/virtualMachines/$1/action"],
  [
    /^\/v1\/subscriptions\/.*\/workspaces\/[^/]+\/query$/i,
    "POST",
    "Microsoft.OperationalInsights/workspaces/query/read",
  ],
  [/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i, "GET", "Microsoft.Resources/subscriptions/resourceGroups/read"],
];

/** What a caller has to be allowed for a request. */
export function actionOf(method: string, path: string): string | undefined {
  for (const [pattern, verb, action] of ROUTES) {
    const match = pattern.exec(path);
    if (match && verb === method) return action.replace("$1", match[1] ?? "");
  }
  return undefined;
}
