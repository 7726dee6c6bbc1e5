import type { JsonObject } from "../../../src/model/index.ts";

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: JsonObject;
}

export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export function allow(
  Sid: string,
  actions: readonly string[],
  Resource: Statement["Resource"],
  Condition?: JsonObject,
): Statement {
  const Action = [...new Set(actions)].sort();
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
}

/** May hand these roles to that service, and to no other. */
export function pass(Sid: string, roles: readonly string[], service: string): Statement {
  return allow(Sid, ["iam:PassRole"], roles, { StringEquals: { "iam:PassedToService": service } });
}

export function policy(...statements: readonly (Statement | undefined)[]): Policy {
  return { Version: "2012-10-17", Statement: statements.filter((each) => each !== undefined) };
}

/** That service may take the role on, for resources of that account only (no confused deputy). */
export function trust(services: readonly string[], account: string): JsonObject {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: services.length === 1 ? (services[0] ?? "") : services },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
    ],
  };
}

/** The name at the end of a role's ARN. */
export function roleName(arn: string): string {
  return arn.split("/").at(-1) ?? arn;
}
