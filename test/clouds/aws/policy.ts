import type { PermissionDocument } from "../../../src/provider/index.ts";

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function statementsOf(documents: readonly PermissionDocument[], name: string): readonly Statement[] {
  const parts = documents.filter((each) => each.name === name || new RegExp(`^${name}-\\d+$`).test(each.name));
  return parts.flatMap(({ document }) => document["Statement"] as unknown as readonly Statement[]);
}

/** What whoever runs rota may call, by the policies that it prints; two services are named otherwise in IAM than in the SDK. */
export function allowedActions(documents: readonly PermissionDocument[]): ReadonlySet<string> {
  const policies = ["rota-policy", "doctor-policy"].flatMap((name) => statementsOf(documents, name));
  return new Set(
    policies
      .flatMap(({ Action }) => Action)
      .map((action) => action.replace(/^events:/, "eventbridge:").replace(/^states:/, "sfn:"))
      .map((action) => action.replace(/^sqs:DeleteMessage$/, "sqs:DeleteMessageBatch")),
  );
}
