import { type OpenContext, type Provider, type ProviderModule, parseOptions } from "../../src/provider/index.ts";
import { type Connect, connect, createApi } from "./api/index.ts";
import { awsOptions } from "./options.ts";
import { AwsProvider } from "./provider.ts";

export type { CallName, Calls, Connect, Connection, ConnectionSettings } from "./api/index.ts";
export { connect } from "./api/index.ts";

/** Opens on a connection of the caller's making: the SDK, or what stands around or for it. */
export async function openAws(context: OpenContext, connectTo: Connect): Promise<Provider> {
  const options = parseOptions(awsOptions, context);
  const { region, account, endpoint, profile } = options;
  const connection = connectTo({
    region,
    env: context.env,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
  });
  const api = createApi(connection, { region, account, clock: context.clock, random: context.random });
  return new AwsProvider(context, options, api);
}

/** Amazon Web Services: EventBridge Scheduler and ECS Fargate. */
export const aws: ProviderModule = { type: "aws", open: (context) => openAws(context, connect) };
