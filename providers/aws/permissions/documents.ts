import type { DesiredJob, JsonObject } from "../../../src/model/index.ts";
import type { PermissionDocument } from "../../../src/provider/index.ts";
import type { Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { executionPolicy } from "./execution.ts";
import { type Policy, policy, roleName, type Statement, trust } from "./iam.ts";
import { doctorPolicy, rotaPolicy } from "./rota.ts";
import { rulesPolicy } from "./rules.ts";
import { schedulerPolicy } from "./start.ts";
import { usesOf } from "./uses.ts";

/** A managed policy (IAM and STS quotas). */
const LONGEST_POLICY = 6_144;

/** The least that these jobs ask of an account: policies, and who may take the roles on. In the order to make them in. */
export function documentsOf(
  jobs: readonly DesiredJob[],
  options: AwsOptions,
  owner: Owner,
): readonly PermissionDocument[] {
  const uses = usesOf(jobs, options);
  const { account, schedulerRole, executionRole } = options;
  return [
    ...rotaDocuments(rotaPolicy(options, owner, uses)),
    {
      name: "doctor-policy",
      purpose: "beside it, may be left out: lets rota doctor name what is missing, and see roles and quotas",
      document: plain(doctorPolicy()),
      command: "aws iam create-policy --policy-name rota-doctor --policy-document file://doctor-policy.json",
    },
    ...role("scheduler", "EventBridge Scheduler starts runs as it", schedulerRole, {
      trust: trust(["scheduler.amazonaws.com"], account),
      policy: schedulerPolicy(options, owner, uses),
    }),
    ...((uses.requests || uses.rules) && options.rulesRole !== undefined
      ? role("rules", "EventBridge's rules send requests and start runs as it", options.rulesRole, {
          trust: trust(["events.amazonaws.com"], account),
          policy: rulesPolicy(options, owner, uses),
        })
      : []),
    ...(uses.tasks || uses.batch
      ? role("execution", "pulls images, reads secrets, writes logs", executionRole, {
          trust: trust(["ecs-tasks.amazonaws.com"], account),
          policy: executionPolicy(options, owner, uses),
        })
      : []),
    ...((uses.tasks || uses.batch) && options.taskRole !== undefined
      ? [taskTrust(options.taskRole, trust(["ecs-tasks.amazonaws.com"], account))]
      : []),
  ];
}

/** In as many policies as it takes: IAM takes so many characters of one, white space not counted. */
function rotaDocuments(whole: Policy): readonly PermissionDocument[] {
  const parts: Statement[][] = [[]];
  for (const statement of whole.Statement) {
    const last = parts.at(-1) ?? [];
    if (last.length > 0 && JSON.stringify(policy(...last, statement)).length > LONGEST_POLICY) parts.push([statement]);
    else last.push(statement);
  }
  return parts.map((statements, index) => {
    const suffix = index === 0 ? "" : `-${index + 1}`;
    return {
      name: `rota-policy${suffix}`,
      purpose: `for whoever runs rota plan, apply and the daemon${parts.length > 1 ? ` (${index + 1} of ${parts.length})` : ""}`,
      document: plain(policy(...statements)),
      command: `aws iam create-policy --policy-name rota${suffix} --policy-document file://rota-policy${suffix}.json`,
    };
  });
}

function role(
  name: string,
  purpose: string,
  arn: string,
  documents: { readonly trust: JsonObject; readonly policy: Policy },
): readonly PermissionDocument[] {
  const called = roleName(arn);
  return [
    {
      name: `${name}-trust`,
      purpose: `who may take on the role ${called} (${purpose})`,
      document: documents.trust,
      command: `aws iam create-role --role-name ${called} --assume-role-policy-document file://${name}-trust.json`,
    },
    {
      name: `${name}-policy`,
      purpose: `what the role ${called} may do`,
      document: plain(documents.policy),
      command: `aws iam put-role-policy --role-name ${called} --policy-name rota --policy-document file://${name}-policy.json`,
    },
  ];
}

/** What the jobs' own code may do is theirs to say. */
function taskTrust(arn: string, document: JsonObject): PermissionDocument {
  const called = roleName(arn);
  return {
    name: "task-trust",
    purpose: `who may take on the role ${called}; what it may do is for the jobs' own code to say`,
    document,
    command: `aws iam create-role --role-name ${called} --assume-role-policy-document file://task-trust.json`,
  };
}

function plain(whole: Policy): JsonObject {
  return JSON.parse(JSON.stringify(whole)) as JsonObject;
}
