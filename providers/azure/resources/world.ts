import { type Clock, fingerprint } from "../../../src/model/index.ts";
import { ProviderError } from "../../../src/provider/index.ts";
import { type Api, isUnderWay, type Reading } from "../api/index.ts";
import type { Owner, Tags } from "../naming.ts";
import type { AzureOptions } from "../options.ts";

/** What all kinds of resource are read and written with. */
export interface World {
  readonly api: Api;
  readonly owner: Owner;
  readonly options: AzureOptions;
  readonly clock: Pick<Clock, "monotonic">;
}

export type Signal = AbortSignal | undefined;

export const JOBS = { type: "Microsoft.App/jobs", version: "2025-07-01" } as const;
export const WORKFLOWS = { type: "Microsoft.Logic/workflows", version: "2019-05-01" } as const;

/** A resource as ARM answers it. */
export interface Raw {
  readonly id?: string;
  readonly name?: string;
  readonly location?: string;
  readonly tags?: Tags;
  readonly etag?: string;
  readonly identity?: unknown;
  readonly properties?: { readonly provisioningState?: string; readonly [name: string]: unknown };
}

/** A resource that somebody is still at work on is waited for this long. */
const SETTLE_MS = 10 * 60_000;

/** Undefined when it is not there; waits for an operation that is under way, ours of before a crash or anybody's. */
export async function readSettled<R extends Raw>(world: World, path: string, signal: Signal): Promise<R | undefined> {
  const startedAt = world.clock.monotonic();
  for (;;) {
    const raw = await readOnce<R>(world.api, path, signal);
    if (!isUnderWay(raw?.properties?.provisioningState)) return raw;
    if (world.clock.monotonic() - startedAt > SETTLE_MS)
      throw new ProviderError("unavailable", `${raw?.name} is still being changed`);
    await world.api.pause(signal);
  }
}

/** Only the resource's own absence is absence: a group or a subscription that is not there is a mistake. */
export async function readOnce<R>(api: Api, path: string, signal: Signal, as?: Reading): Promise<R | undefined> {
  try {
    return await api.get<R>(path, signal, as);
  } catch (error) {
    if (error instanceof ProviderError && error.code === "missing") return undefined;
    throw error;
  }
}

/** For the conditional write: the service's ETag, or a fingerprint of everything that people change. */
export function revisionOf({ etag, location, tags, identity, properties = {} }: Raw): string {
  if (etag !== undefined) return etag;
  const { provisioningState: _state, eventStreamEndpoint: _stream, outboundIpAddresses: _ips, ...rest } = properties;
  const { changedTime: _changed, accessEndpoint: _access, endpointsConfiguration: _endpoints, ...kept } = rest;
  return fingerprint({ location, tags, identity, properties: kept });
}

/** In words, when the vendor says that what it made cannot work. */
export function problemOf({ properties }: Raw): string | undefined {
  const state = properties?.provisioningState;
  return state !== undefined && /^(?:failed|canceled)$/i.test(state)
    ? `Azure says ${state} of its last change`
    : undefined;
}
