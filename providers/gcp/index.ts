import { type OpenContext, type Provider, type ProviderModule, parseOptions } from "../../src/provider/index.ts";
import { type Connect, connect, createApi } from "./api/index.ts";
import { gcpOptions } from "./options.ts";
import { GcpProvider } from "./provider.ts";

export type { CallName, Calls, Connect, Connection, ConnectionSettings } from "./api/index.ts";
export { connect } from "./api/index.ts";
export { PERMISSIONS } from "./permissions.ts";

/** Opens on a connection of the caller's making: Google's clients, or what stands around or for them. */
export async function openGcp(context: OpenContext, connectTo: Connect): Promise<Provider> {
  const options = parseOptions(gcpOptions, context);
  const { project, location, endpoint } = options;
  const connection = connectTo({ env: context.env, ...(endpoint === undefined ? {} : { endpoint }) });
  const api = createApi(connection, { project, location, clock: context.clock, random: context.random });
  return new GcpProvider(context, options, api);
}

/** Google Cloud: Cloud Scheduler and Cloud Run jobs. */
export const gcp: ProviderModule = { type: "gcp", open: (context) => openGcp(context, connect) };
