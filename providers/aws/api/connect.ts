import type { CallName, Calls, Connection, ConnectionSettings } from "./calls.ts";

/** One attempt and no more: what may be sent again is decided above. */
const ONE_ATTEMPT = 1;
const CONNECT_MS = 5_000;
const ANSWER_MS = 20_000;

interface SdkClient {
  send(command: object, options: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  destroy(): void;
}
type Sdk = Readonly<Record<string, new (input: object) => object>>;

/** Loaded on the first call to each service: the SDKs take some tens of milliseconds each. */
const SDKS: Readonly<Record<string, { readonly client: string; readonly load: () => Promise<unknown> }>> = {
  scheduler: { client: "SchedulerClient", load: () => import("@aws-sdk/client-scheduler") },
  ecs: { client: "ECSClient", load: () => import("@aws-sdk/client-ecs") },
  batch: { client: "BatchClient", load: () => import("@aws-sdk/client-batch") },
  lambda: { client: "LambdaClient", load: () => import("@aws-sdk/client-lambda") },
  sfn: { client: "SFNClient", load: () => import("@aws-sdk/client-sfn") },
  sagemaker: { client: "SageMakerClient", load: () => import("@aws-sdk/client-sagemaker") },
  glue: { client: "GlueClient", load: () => import("@aws-sdk/client-glue") },
  eventbridge: { client: "EventBridgeClient", load: () => import("@aws-sdk/client-eventbridge") },
  logs: { client: "CloudWatchLogsClient", load: () => import("@aws-sdk/client-cloudwatch-logs") },
  cloudwatch: { client: "CloudWatchClient", load: () => import("@aws-sdk/client-cloudwatch") },
  ssm: { client: "SSMClient", load: () => import("@aws-sdk/client-ssm") },
  sqs: { client: "SQSClient", load: () => import("@aws-sdk/client-sqs") },
  sts: { client: "STSClient", load: () => import("@aws-sdk/client-sts") },
  iam: { client: "IAMClient", load: () => import("@aws-sdk/client-iam") },
  servicequotas: { client: "ServiceQuotasClient", load: () => import("@aws-sdk/client-service-quotas") },
  ec2: { client: "EC2Client", load: () => import("@aws-sdk/client-ec2") },
};

/** The vendor's own SDK, with the credentials of the given environment, else its usual chain (profile, role, instance). */
export function connect(settings: ConnectionSettings): Connection {
  const clients = new Map<string, Promise<{ readonly sdk: Sdk; readonly client: SdkClient }>>();
  const open = async (service: string): Promise<{ readonly sdk: Sdk; readonly client: SdkClient }> => {
    const entry = SDKS[service];
    if (!entry) throw new Error(`no client for ${service}`);
    const sdk = (await entry.load()) as Sdk;
    const Client = sdk[entry.client];
    if (!Client) throw new Error(`${service} has no ${entry.client}`);
    return { sdk, client: new Client(configOf(settings)) as SdkClient };
  };
  return {
    async send<K extends CallName>(
      call: K,
      input: Calls[K]["input"],
      signal?: AbortSignal,
    ): Promise<Calls[K]["output"]> {
      const [service = "", operation = ""] = call.split(":");
      const opened = clients.get(service) ?? open(service);
      clients.set(service, opened);
      const { sdk, client } = await opened;
      const Command = sdk[`${operation}Command`];
      if (!Command) throw new Error(`${service} has no ${operation}`);
      return (await client.send(new Command(input), signal ? { abortSignal: signal } : {})) as Calls[K]["output"];
    },
    close: () => {
      for (const opened of clients.values()) void opened.then(({ client }) => client.destroy()).catch(() => undefined);
    },
  };
}

function configOf({ region, endpoint, profile, env }: ConnectionSettings): object {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env;
  const fromEnv = profile === undefined && accessKeyId !== undefined && secretAccessKey !== undefined;
  const session = AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN };
  return {
    region,
    maxAttempts: ONE_ATTEMPT,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
    ...(endpoint === undefined ? {} : { endpoint }),
    // Of SQS: a queue's address does not outdo the manifest's endpoint.
    useQueueUrlAsEndpoint: false,
    ...(profile === undefined ? {} : { profile }),
    ...(fromEnv ? { credentials: { accessKeyId, secretAccessKey, ...session } } : {}),
  };
}
