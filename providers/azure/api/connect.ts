import type { HttpClient, Pipeline } from "@azure/core-rest-pipeline";
import type { TokenCredential } from "@azure/identity";
import { CLOUDS } from "../cloud.ts";
import type { Answer, Connection, ConnectionSettings, Request } from "./connection.ts";

const ANSWER_MS = 30_000;

/** What a caller may bring along: credentials that it has, an authority that the machine does not know. */
export interface Trust {
  readonly credential?: TokenCredential;
  /** PEM of a certificate authority beside the machine's own. */
  readonly ca?: string;
}

type To = Request["to"];
type Open = (to: To) => Promise<{ readonly pipeline: Pipeline; readonly client: HttpClient }>;

/**
 * The vendor's own SDK: its pipeline of credentials, claims challenges and TLS, one attempt and no more; what may be
 * sent again is decided above. Loaded on the first call: it takes some hundreds of milliseconds.
 */
export function connect(settings: ConnectionSettings, trust: Trust = {}): Connection {
  const cloud = CLOUDS[settings.cloud];
  const roots: Readonly<Record<To, string>> = {
    resourceManager: settings.endpoint ?? cloud.resourceManager,
    logs: settings.endpoint ?? cloud.logs,
    none: "",
  };
  const pipelines = new Map<To, ReturnType<Open>>();
  let credential: Promise<TokenCredential> | undefined;
  const open: Open = async (to) => {
    const { createDefaultHttpClient, createPipelineFromOptions } = await import("@azure/core-rest-pipeline");
    const client = createDefaultHttpClient();
    const common = {
      retryOptions: { maxRetries: 0 },
      ...(trust.ca === undefined ? {} : { tlsOptions: { ca: trust.ca } }),
    };
    if (to === "none") return { pipeline: createPipelineFromOptions(common), client };
    const { ResourceManagementClient } = await import("@azure/arm-resources");
    credential ??= credentialOf(settings, trust);
    const audience = to === "logs" ? cloud.logsAudience : cloud.resourceManagerAudience;
    const { pipeline } = new ResourceManagementClient(await credential, settings.subscription, {
      ...common,
      endpoint: roots[to],
      credentials: { scopes: [`${audience}/.default`] },
    });
    return { pipeline, client };
  };
  return {
    async send(request, signal) {
      const { createHttpHeaders, createPipelineRequest } = await import("@azure/core-rest-pipeline");
      const opened = pipelines.get(request.to) ?? open(request.to);
      pipelines.set(request.to, opened);
      const { pipeline, client } = await opened;
      const response = await pipeline.sendRequest(
        client,
        createPipelineRequest({
          url: addressOf(request, roots),
          method: request.method,
          timeout: ANSWER_MS,
          headers: createHttpHeaders({
            accept: "application/json",
            ...(request.body === undefined ? {} : { "content-type": "application/json" }),
            ...request.headers,
          }),
          ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
          ...(signal ? { abortSignal: signal } : {}),
        }),
      );
      return { status: response.status, headers: response.headers.toJSON(), body: parse(response.bodyAsText) };
    },
    close: () => pipelines.clear(),
  };
}

/** A token only goes to the service that it is for, whatever address an answer named. */
function addressOf({ path, to }: Request, roots: Readonly<Record<To, string>>): string {
  if (!/^https?:/i.test(path)) return new URL(path, `${roots[to]}/`).href;
  if (to === "none") return path;
  const { host, href } = new URL(path);
  const own = new URL(roots[to]).host;
  // Regional endpoints (`eastus.management.azure.com`) answer for operations that they began.
  if (host === own || host.endsWith(`.${own}`)) return href;
  throw new SyntaxError(`an answer leads to ${host}, which is not of ${own}`);
}

function parse(text: string | null | undefined): Answer["body"] {
  return text === undefined || text === null || text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
}

/** The environment's service principal, else the SDK's usual chain (workload and managed identity, az login). */
async function credentialOf({ env, cloud }: ConnectionSettings, trust: Trust): Promise<TokenCredential> {
  if (trust.credential) return trust.credential;
  const { ClientSecretCredential, DefaultAzureCredential } = await import("@azure/identity");
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret } = env;
  const authorityHost = env["AZURE_AUTHORITY_HOST"] ?? CLOUDS[cloud].login;
  if (tenant !== undefined && client !== undefined && secret !== undefined)
    return new ClientSecretCredential(tenant, client, secret, { authorityHost });
  return new DefaultAzureCredential({ authorityHost });
}
