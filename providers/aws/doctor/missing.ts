import { type Finding, next, ProviderError, pages } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { everything, roleName, rotaPolicy, type Statement } from "../permissions/index.ts";
import { found } from "./finding.ts";

const NAME = "permissions";
const FIX = "rota permissions aws prints the policy that allows them";

/** What the caller lacks of the policy that `rota permissions` prints, by name: IAM's own simulation says so, nothing is tried. */
export async function checkPermissions(
  api: Api,
  owner: Owner,
  options: AwsOptions,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const { Arn: caller = "" } = await api.send("sts:GetCallerIdentity", {}, signal);
  if (caller.endsWith(":root")) return found(NAME, "warning", "these are the account's root credentials", "use a role");
  const missing: string[] = [];
  let asked = 0;
  try {
    const source = await principalOf(api, caller, signal);
    for (const statement of rotaPolicy(options, owner, everything(options)).Statement) {
      const denied = await deniedOf(api, source, statement, signal);
      asked += statement.Action.length;
      missing.push(...denied.map((action) => `${action} (${statement.Sid})`));
    }
  } catch (error) {
    if (!(error instanceof ProviderError) || !/^(?:denied|unsupported|missing|invalid|unavailable)$/.test(error.code))
      throw error;
    const detail = `what is missing could not be asked (${error.message}); the checks below tried what only reads`;
    return found(
      NAME,
      "warning",
      detail,
      "allow iam:SimulatePrincipalPolicy and iam:GetRole, or compare with rota permissions aws",
    );
  }
  if (missing.length === 0) return found(NAME, true, `all ${asked} that the placement's policy names`);
  return found(NAME, false, `missing: ${missing.join(", ")}`, FIX);
}

/** Actions of a statement that IAM would refuse this principal, with the tags that rota sends. */
async function deniedOf(
  api: Api,
  source: string,
  { Action, Resource, Condition }: Statement,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const resources = [Resource]
    .flat()
    .map((each) => (each === "*" ? each : each.replaceAll("*", "doctor").replaceAll("?", "x")));
  const results = await pages((Marker) =>
    api
      .send(
        "iam:SimulatePrincipalPolicy",
        {
          PolicySourceArn: source,
          ActionNames: [...Action],
          ResourceArns: [resources[0] ?? "*"],
          ContextEntries: contextOf(Condition),
          ...next("Marker", Marker),
        },
        signal,
      )
      .then((page) => ({ items: page.EvaluationResults ?? [], next: page.Marker })),
  );
  return results.flatMap(({ EvalActionName = "", EvalDecision }) =>
    EvalDecision === "allowed" ? [] : [EvalActionName],
  );
}

/** What a condition asks for, as if the request had it: `{ StringEquals: { key: value } }` → entries. */
function contextOf(condition: Statement["Condition"]): {
  ContextKeyName: string;
  ContextKeyType: "string";
  ContextKeyValues: string[];
}[] {
  return Object.values(condition ?? {}).flatMap((equals) =>
    Object.entries(equals as Readonly<Record<string, string>>).map(([ContextKeyName, value]) => ({
      ContextKeyName,
      ContextKeyType: "string" as const,
      ContextKeyValues: [value],
    })),
  );
}

/** The simulation takes a user or a role; a session of a role names the role without its path. */
async function principalOf(api: Api, caller: string, signal: AbortSignal | undefined): Promise<string> {
  const role = /:assumed-role\/([^/]+)\//.exec(caller)?.[1];
  if (role === undefined) return caller;
  const { Role } = await api.send("iam:GetRole", { RoleName: roleName(role) }, signal);
  return Role?.Arn ?? caller;
}
