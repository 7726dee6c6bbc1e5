import type { ContainerWorkload, JsonObject } from "../../../src/model/index.ts";
import { arnOf } from "../naming.ts";
import type { AwsOptions } from "../options.ts";

/** Log streams begin with it (the awslogs driver's `awslogs-stream-prefix`). */
export const LOG_PREFIX = "rota";

/** Variable → ARN of the secret or parameter. */
export function secretsOf({ secrets }: ContainerWorkload, options: AwsOptions): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(secrets).map(([variable, reference]) => [variable, secretArn(reference, options)]),
  );
}

/** `ssm:/name` is a parameter, an ARN is itself, anything else the name of a secret in Secrets Manager. */
export function secretArn(reference: string, options: AwsOptions): string {
  if (reference.startsWith("arn:")) return reference;
  if (reference.startsWith("ssm:")) return arnOf(options, "ssm", `parameter/${reference.slice(4).replace(/^\//, "")}`);
  return arnOf(options, "secretsmanager", `secret:${reference}`);
}

/** What AWS fills in by itself (empty lists, cpu 0) is nobody's wish. */
export function withoutEmpty(values: object): JsonObject {
  const kept = Object.entries(values).filter(([, value]) => {
    if (value === undefined || value === null || value === 0 || value === "") return false;
    return typeof value !== "object" || Object.keys(value as object).length > 0;
  });
  return JSON.parse(JSON.stringify(Object.fromEntries(kept))) as JsonObject;
}

export function pairs(values: Readonly<Record<string, string>>): readonly [string, string][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
