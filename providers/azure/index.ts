import { type OpenContext, type Provider, type ProviderModule, parseOptions } from "../../src/provider/index.ts";
import { type Connect, connect, createApi } from "./api/index.ts";
import { azureOptions } from "./options.ts";
import { AzureProvider } from "./provider.ts";

export type { Answer, Connect, Connection, ConnectionSettings, Request, Trust } from "./api/index.ts";
export { connect } from "./api/index.ts";

/** Opens on a connection of the caller's making: the SDK, or what stands around or for it. */
export async function openAzure(context: OpenContext, connectTo: Connect): Promise<Provider> {
  const options = parseOptions(azureOptions, context);
  const { subscription, cloud, endpoint } = options;
  const settings = { subscription, cloud, env: context.env, ...(endpoint === undefined ? {} : { endpoint }) };
  const api = createApi(connectTo(settings), { subscription, clock: context.clock, random: context.random });
  return new AzureProvider(context, options, api);
}

/** Microsoft Azure: Container Apps jobs and Logic Apps. */
export const azure: ProviderModule = {
  type: "azure",
  open: (context) => openAzure(context, (settings) => connect(settings)),
};
