import { z } from "zod";
import { CLOUDS, type CloudName } from "./cloud.ts";

/** What the manifest may say under a placement of type `azure`. */
export interface AzureOptions {
  /** The subscription's id. */
  readonly subscription: string;
  readonly resourceGroup: string;
  /** As ARM writes it: `eastus`. */
  readonly location: string;
  /** The Container Apps environment, by name in the resource group or by its whole id. */
  readonly containerAppsEnvironment: string;
  /** User-assigned identity of the jobs: pulls images, reads Key Vault. By name or id. */
  readonly identity?: string;
  /** User-assigned identity that Logic Apps start jobs and machines as. By name or id. */
  readonly triggerIdentity?: string;
  /** The vault that secrets named without one are in: its name or its address. */
  readonly keyVault?: string;
  /** A registry of the jobs' images that wants the identity: `acme.azurecr.io`. */
  readonly registry?: string;
  /** The Log Analytics workspace of the environment, by its whole id: without it nothing is known of output. */
  readonly logAnalyticsWorkspace?: string;
  readonly cloud: CloudName;
  /** For a private endpoint or an emulator: all calls go there. */
  readonly endpoint?: string;
}

const name = z.string().regex(/^[\w.()-]{1,90}$/, "must be a name");
const idOf = (type: string): z.ZodString =>
  z
    .string()
    .regex(
      new RegExp(`^(?:[\\w.()-]{1,128}|/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${type}/[^/]+)$`, "i"),
      `must be a name in the resource group, or the whole id of a ${type}`,
    );

export const azureOptions: z.ZodType<AzureOptions> = z.strictObject({
  subscription: z.guid("must be a subscription's id"),
  resourceGroup: name,
  location: z.string().regex(/^[a-z0-9]+$/, "must be a location such as eastus"),
  containerAppsEnvironment: idOf("Microsoft\\.App/managedEnvironments"),
  identity: idOf("Microsoft\\.ManagedIdentity/userAssignedIdentities").optional(),
  triggerIdentity: idOf("Microsoft\\.ManagedIdentity/userAssignedIdentities").optional(),
  keyVault: z
    .string()
    .regex(/^(?:[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]|https:\/\/[\w.-]+\/?)$/, "must be a vault's name or address")
    .optional(),
  registry: z
    .string()
    .regex(/^[a-z0-9.-]+(?::\d+)?$/, "must be a registry's host name")
    .optional(),
  logAnalyticsWorkspace: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i,
      "must be the whole id of a Log Analytics workspace",
    )
    .optional(),
  cloud: z.enum(Object.keys(CLOUDS) as [CloudName, ...CloudName[]]).default("public"),
  endpoint: z.url({ protocol: /^https$/, error: "must be an https address" }).optional(),
}) as unknown as z.ZodType<AzureOptions>;
