import {
  type Clock,
  canonical,
  type JsonObject,
  type ObservedResource,
  type Random,
} from "../../../src/model/index.ts";
import { ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";

/** What both kinds of resource are read and written with. */
export interface World {
  readonly api: Api;
  readonly owner: Owner;
  readonly options: AwsOptions;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
}

export type Signal = AbortSignal | undefined;
/** The most that the services give at a time. */
export const PAGE = 100;

/** Reads a resource again and compares: AWS itself has no conditional write here. */
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

/** As JSON reads it back, keys sorted. */
export function plain(fields: object): JsonObject {
  return JSON.parse(canonical(fields)) as JsonObject;
}
