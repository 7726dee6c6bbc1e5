import { canonical, type JsonObject, type ObservedResource } from "../model/index.ts";
import { ProviderError } from "./error.ts";

/**
 * Reads a resource again and compares it with what was read before, for a vendor that has no conditional write of its
 * own. Answers it as it is now; throws `missing`, `denied` (of another job) or `conflict`.
 */
export async function unchanged(
  actual: ObservedResource,
  read: (id: string) => Promise<ObservedResource | undefined>,
): Promise<ObservedResource> {
  const held = await read(actual.id);
  const name = `${actual.kind}/${actual.id}`;
  if (!held) throw new ProviderError("missing", `${name} is not there, or is not of this namespace`);
  if (held.job !== actual.job) throw new ProviderError("denied", `${name} is of job ${held.job}`);
  if (held.revision !== actual.revision) throw new ProviderError("conflict", `${name} changed since it was read`);
  return held;
}

/** As JSON reads it back, keys sorted: what is wanted and what is found compare as text. */
export function plain(fields: object): JsonObject {
  return JSON.parse(canonical(fields)) as JsonObject;
}
