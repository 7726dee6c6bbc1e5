import { arnOf, logGroupName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Policy, policy } from "./iam.ts";
import type { Uses } from "./uses.ts";

const PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/** For the role that pulls the image, reads the secrets and writes the log. */
export function executionPolicy(options: AwsOptions, owner: Owner, uses: Uses): Policy {
  const logs = arnOf(options, "logs", `log-group:${logGroupName(owner)}:*`);
  const parameters = uses.secrets.filter((arn) => arn.split(":")[2] === "ssm");
  const secrets = uses.secrets.filter((arn) => arn.split(":")[2] === "secretsmanager");
  const pulls = uses.repositories.length > 0;
  return policy(
    allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], logs),
    // The token is for the whole registry: AWS narrows it by nothing.
    pulls ? allow("LogInToRegistry", ["ecr:GetAuthorizationToken"], "*") : undefined,
    pulls ? allow("PullImages", PULL, uses.repositories) : undefined,
    secrets.length > 0 ? allow("Secrets", ["secretsmanager:GetSecretValue"], secrets.flatMap(withSuffix)) : undefined,
    parameters.length > 0 ? allow("Parameters", ["ssm:GetParameters"], parameters) : undefined,
  );
}

/** Secrets Manager ends an ARN by six characters of its own; a manifest that names the secret does not know them. */
function withSuffix(arn: string): readonly string[] {
  // A field, a stage or a version of the secret may follow its name: seven colons in all belong to the secret itself.
  const secret = arn.split(":").slice(0, 7).join(":");
  return /-[A-Za-z0-9]{6}$/.test(secret) ? [secret] : [secret, `${secret}-??????`];
}
