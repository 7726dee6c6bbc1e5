import { type Finding, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { AwsOptions } from "../options.ts";
import { roleName } from "../permissions/index.ts";
import { found } from "./finding.ts";

interface Wanted {
  readonly option: string;
  readonly arn: string;
  readonly service: string;
  /** The document of `rota permissions` that says who may take it on. */
  readonly document: string;
}

/** Each role is there, and the service that has to may take it on. */
export async function checkRoles(
  api: Api,
  options: AwsOptions,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const { schedulerRole, executionRole, taskRole, rulesRole } = options;
  const wanted: readonly Wanted[] = [
    { option: "schedulerRole", arn: schedulerRole, service: "scheduler.amazonaws.com", document: "scheduler-trust" },
    { option: "executionRole", arn: executionRole, service: "ecs-tasks.amazonaws.com", document: "execution-trust" },
    ...(rulesRole === undefined
      ? []
      : [{ option: "rulesRole", arn: rulesRole, service: "events.amazonaws.com", document: "rules-trust" }]),
    ...(taskRole === undefined
      ? []
      : [{ option: "taskRole", arn: taskRole, service: "ecs-tasks.amazonaws.com", document: "task-trust" }]),
  ];
  const findings: Finding[] = [];
  for (const each of wanted) findings.push(await checkRole(api, each, signal));
  return findings;
}

async function checkRole(
  api: Api,
  { option, arn, service, document }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const name = roleName(arn);
  try {
    const { Role } = await api.send("iam:GetRole", { RoleName: name }, signal);
    if (Role?.Arn !== arn)
      return found(option, false, `the role ${name} is ${Role?.Arn}, not ${arn}`, `correct ${option}`);
    if (trusts(Role.AssumeRolePolicyDocument, service))
      return found(option, true, `${name}, which ${service} may take on`);
    const fix = `put ${document} of rota permissions aws on it (aws iam update-assume-role-policy)`;
    return found(option, false, `${service} may not take on ${name}: nothing would start`, fix);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error.code === "missing")
      return found(option, false, `there is no role ${name}`, `make it: ${document} of rota permissions aws`);
    return found(option, "warning", `${name} could not be looked at (${error.message})`, "allow iam:GetRole");
  }
}

/** A statement of the (URL-encoded) document allows the service to assume the role. Its conditions are not judged. */
function trusts(document: string | undefined, service: string): boolean {
  try {
    const { Statement } = JSON.parse(decodeURIComponent(document ?? "")) as { readonly Statement?: unknown };
    return [Statement].flat().some((statement) => {
      const { Effect, Action, Principal } = (statement ?? {}) as Readonly<Record<string, unknown>>;
      const services = [(Principal as { readonly Service?: unknown } | undefined)?.Service].flat();
      return Effect === "Allow" && [Action].flat().includes("sts:AssumeRole") && services.includes(service);
    });
  } catch {
    return false;
  }
}
