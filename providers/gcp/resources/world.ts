import type { Api } from "../api/index.ts";
import type { Owner } from "../naming.ts";
import type { GcpOptions } from "../options.ts";

/** What every kind of resource is read and written with. */
export interface World {
  readonly api: Api;
  readonly owner: Owner;
  readonly options: GcpOptions;
}

export type Signal = AbortSignal | undefined;
/** Cloud Scheduler gives at most 500 at a time; of Cloud Run no limit is said, and 100 is the usual one. */
export const SCHEDULER_PAGE = 500;
export const RUN_PAGE = 100;
