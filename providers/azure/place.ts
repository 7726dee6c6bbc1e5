import type { OpenContext } from "../../src/provider/index.ts";
import type { Owner } from "./naming.ts";
import type { AzureOptions } from "./options.ts";

/** Where and for whom: what a job's resources follow from, beside the job itself. */
export interface Place {
  readonly owner: Owner;
  readonly options: AzureOptions;
  /** 10^-9 of the cost limit's currency for an hour of a job's run, where the price book knows it. */
  readonly hourlyNanos?: OpenContext["hourlyNanos"] | undefined;
}
