import type { CallName, Calls, Connection, ConnectionSettings } from "./calls.ts";

/** One attempt and no more, within this: what may be sent again is decided above. */
const ANSWER_MS = 20_000;
const HTTPS_PORT = 443;

type Method = (request: object, options: object) => Promise<readonly [unknown, unknown, unknown]>;
interface GoogleClient {
  /** Looks for credentials. A method does that too, and where there are none throws past everybody who could catch it. */
  initialize(): Promise<unknown>;
  readonly auth: { getCredentials(): Promise<{ readonly client_email?: string }> };
  close(): Promise<void>;
}
type Library = Readonly<Record<string, new (options: object) => GoogleClient>>;

interface Entry {
  readonly client: string;
  readonly load: () => Promise<unknown>;
  readonly methods: readonly string[];
}

/** Loaded on the first call to each: the libraries take some hundreds of milliseconds each, most of it their protos. */
const CLIENTS: Readonly<Record<string, readonly Entry[]>> = {
  cloudscheduler: [entry("CloudSchedulerClient", () => import("@google-cloud/scheduler"), "*")],
  run: [
    entry("JobsClient", () => import("@google-cloud/run"), "ListJobs GetJob CreateJob UpdateJob DeleteJob RunJob"),
    entry("ExecutionsClient", () => import("@google-cloud/run"), "ListExecutions GetExecution CancelExecution"),
    entry("TasksClient", () => import("@google-cloud/run"), "ListTasks"),
  ],
  batch: [entry("BatchServiceClient", () => import("@google-cloud/batch"), "*")],
  logging: [entry("LoggingServiceV2Client", () => import("@google-cloud/logging-api"), "*")],
  monitoring: [entry("MetricServiceClient", () => import("@google-cloud/monitoring"), "*")],
};

function entry(client: string, load: () => Promise<unknown>, methods: string): Entry {
  return { client, load, methods: methods.split(" ") };
}

/** Google's own clients, with application default credentials; none towards an `http://` endpoint, which is an emulator's. */
export function connect(settings: ConnectionSettings): Connection {
  const clients = new Map<string, Promise<GoogleClient>>();
  const open = async ({ client, load }: Entry, service: string): Promise<GoogleClient> => {
    const library = (await load()) as Library;
    const Client = library[client];
    if (!Client) throw new Error(`there is no ${client}`);
    const made = new Client(await optionsFor(service, settings));
    await made.initialize();
    return made;
  };
  const clientFor = (call: string): Promise<GoogleClient> => {
    const [service = "", operation = ""] = call.split(":");
    const found = CLIENTS[service]?.find(({ methods }) => methods[0] === "*" || methods.includes(operation));
    if (!found) throw new Error(`no client for ${call}`);
    const opened = clients.get(found.client) ?? open(found, service);
    clients.set(found.client, opened);
    // Credentials may be there at the next call.
    opened.catch(() => clients.delete(found.client));
    return opened;
  };
  return {
    async send<K extends CallName>(
      call: K,
      input: Calls[K]["input"],
      signal?: AbortSignal,
    ): Promise<Calls[K]["output"]> {
      const client = (await clientFor(call)) as unknown as Readonly<Record<string, Method>>;
      const operation = call.split(":")[1] ?? "";
      const name = `${operation.charAt(0).toLowerCase()}${operation.slice(1)}`;
      const options = { timeout: ANSWER_MS, retry: null, autoPaginate: false, ...(signal ? { signal } : {}) };
      const [first, , page] = (await client[name]?.(input, options)) ?? [];
      // A listing comes as items, next request and the answer as it was.
      return (operation.startsWith("List") ? page : first) as Calls[K]["output"];
    },
    async identity() {
      const client = await clientFor("cloudscheduler:ListJobs");
      return (await client.auth.getCredentials()).client_email;
    },
    close: () => {
      for (const opened of clients.values()) void opened.then((client) => client.close()).catch(() => undefined);
    },
  };
}

async function optionsFor(service: string, { endpoint, env }: ConnectionSettings): Promise<object> {
  const keyFilename = env["GOOGLE_APPLICATION_CREDENTIALS"];
  const credentials = keyFilename === undefined ? {} : { keyFilename };
  if (endpoint === undefined) return credentials;
  const { protocol, hostname, port } = new URL(endpoint.replace("{service}", service));
  const where = { apiEndpoint: hostname, port: port === "" ? HTTPS_PORT : Number(port) };
  if (protocol === "https:") return { ...where, ...credentials };
  const { grpc } = await import("google-gax");
  return { ...where, sslCreds: grpc.credentials.createInsecure(), auth: NO_AUTH };
}

/** Towards an emulator nobody looks for credentials: the search alone would go out into the network. */
const NO_AUTH = {
  getUniverseDomain: async (): Promise<string> => "googleapis.com",
  getCredentials: async (): Promise<object> => ({}),
};
