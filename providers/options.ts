import type { PlacementSchemas } from "../src/provider/index.ts";
import { awsOptions } from "./aws/options.ts";
import { azureOptions } from "./azure/options.ts";
import { gcpOptions } from "./gcp/options.ts";
import { localOptions } from "./local/options.ts";
import { memoryOptions } from "./memory/options.ts";

/** What a placement of each type may say: apart from the adapters, so that a manifest is checked without loading any. */
export const placementSchemas: PlacementSchemas = {
  aws: awsOptions,
  azure: azureOptions,
  gcp: gcpOptions,
  local: localOptions,
  memory: memoryOptions,
};
