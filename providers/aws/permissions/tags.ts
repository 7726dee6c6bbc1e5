import type { JsonObject } from "../../../src/model/index.ts";
import type { Owner } from "../naming.ts";

/** Only with our tags on the request: what is made carries the mark. */
export function tagsAsked({ namespace, environment }: Owner): JsonObject {
  return {
    StringEquals: { "aws:RequestTag/rota:namespace": namespace, "aws:RequestTag/rota:environment": environment },
  };
}

/** Only what carries our tags already. */
export function tagsHeld({ namespace, environment }: Owner): JsonObject {
  return {
    StringEquals: { "aws:ResourceTag/rota:namespace": namespace, "aws:ResourceTag/rota:environment": environment },
  };
}
