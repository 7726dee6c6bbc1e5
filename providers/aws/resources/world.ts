import type { Clock, Random } from "../../../src/model/index.ts";
import type { Api } from "../api/index.ts";
import type { Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { Readings } from "./readings.ts";

/** What both kinds of resource are read and written with. */
export interface World {
  readonly api: Api;
  readonly owner: Owner;
  readonly options: AwsOptions;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  readonly readings: Readings;
}

export type Signal = AbortSignal | undefined;
/** The most that the services give at a time. */
export const PAGE = 100;
