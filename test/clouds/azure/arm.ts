import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { authority } from "./authority.ts";
import { ContainerApps } from "./container-apps.ts";
import { actionOf, type Exchange, type Fault, Refusal, type Reply } from "./exchange.ts";
import { LogicApps, type Sent } from "./logic-apps.ts";
import { Monitor } from "./monitor.ts";
import { Operations } from "./operations.ts";
import { Shelf } from "./shelf.ts";

export const TOKEN = "a-token";
const VERSIONS: readonly (readonly [RegExp, RegExp])[] = [
  [/\/providers\/Microsoft\.Insights\/metrics/i, /^2023-10-01$/],
  [/\/providers\/Microsoft\.App\//i, /^2025-07-01$/],
  [/\/providers\/Microsoft\.Logic\//i, /^2019-05-01$/],
  [/\/providers\/Microsoft\.ManagedIdentity\//i, /^2023-01-31$/],
  [/\/providers\/Microsoft\.Compute\//i, /^2024-07-01$/],
  [/^\/subscriptions\//i, /^20\d\d-\d\d-\d\d$/],
];

/**
 * Azure's resource manager with Container Apps, Logic Apps, Azure Monitor and Log Analytics behind it, over TLS, on the
 * test's clock. Stricter than the vendor where in doubt.
 */
export class Arm {
  readonly operations: Operations;
  readonly shelf: Shelf;
  readonly apps: ContainerApps;
  readonly logic: LogicApps;
  readonly monitor: Monitor;
  readonly exchanges: Exchange[] = [];
  /** What Azure would refuse; any of it fails a test. */
  readonly problems: string[] = [];
  /** Requests that workflows sent outside of Azure, and the machines that they operated. */
  readonly sent: Sent[] = [];
  readonly machines: Map<string, string> = new Map();
  fault: (exchange: Exchange) => Fault | undefined = () => undefined;
  /** Looks at each body that would be stored. */
  inspect: (exchange: Exchange) => readonly string[] = () => [];
  /** How the world outside answers a workflow. */
  web: (sent: Sent) => Promise<Reply | undefined> = async () => ({ status: 200 });
  /** Keeps time standing while a request is under way. */
  during: <T>(work: Promise<T>) => Promise<T> = (work) => work;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(now: () => number) {
    this.operations = new Operations(now);
    this.shelf = new Shelf(now, this.operations);
    this.apps = new ContainerApps(this.shelf);
    this.logic = new LogicApps(this.shelf);
    this.monitor = new Monitor(this.apps, now);
    this.logic.web = (sent) => this.#asked(sent);
  }

  /** The address that a placement names as its endpoint. */
  async open(): Promise<string> {
    const { key, cert } = await authority();
    const server = createServer({ key, cert }, (request, response) => {
      void this.#serve(request, response).catch((error: unknown) => {
        this.problems.push(`the server: ${error instanceof Error ? error.stack : error}`);
        response.destroy();
      });
    });
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.shelf.origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this.shelf.origin;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    // Also those that were opened and never asked anything.
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const url = new URL(request.url ?? "/", this.shelf.origin);
    const method = request.method ?? "GET";
    const exchange: Exchange = {
      method,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: request.headers as Exchange["headers"],
      body: text === "" ? undefined : JSON.parse(text),
      action: actionOf(method, url.pathname),
    };
    this.exchanges.push(exchange);
    const fault = this.fault(exchange);
    if (fault?.kind === "html") {
      response.writeHead(502, { "content-type": "text/html" }).end("<html><h1>Bad Gateway</h1></html>");
      return;
    }
    const reply = fault?.kind === "status" ? faultReply(fault) : await this.#answer(exchange);
    if (fault?.kind === "lost") {
      response.destroy();
      return;
    }
    const body = reply.body === undefined ? "" : JSON.stringify(reply.body);
    const etag = (reply.body as { readonly etag?: string } | undefined)?.etag;
    response
      .writeHead(reply.status, { "content-type": "application/json", ...(etag && { etag }), ...reply.headers })
      .end(body);
  }

  async #answer(exchange: Exchange): Promise<Reply> {
    try {
      if (/^\/workflows\/[^/]+\/triggers\//.test(exchange.path)) return await this.logic.invoke(exchange);
      if (exchange.headers["authorization"] !== `Bearer ${TOKEN}`)
        throw new Refusal(401, "InvalidAuthenticationToken", "no token");
      return await this.#route(exchange);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.reply.status === 400) this.problems.push(`${exchange.method} ${exchange.path}: ${error.message}`);
      return error.reply;
    }
  }

  async #route(exchange: Exchange): Promise<Reply> {
    const { path, query, method } = exchange;
    if (path.startsWith("/v1/")) return this.monitor.query(exchange);
    const operation = /\/operation(Statuses|Results)\/([^/]+)$/.exec(path);
    if (operation) return this.operations[operation[1] === "Statuses" ? "status" : "location"](operation[2] ?? "");
    const version = VERSIONS.find(([pattern]) => pattern.test(path))?.[1];
    if (!version?.test(query.get("api-version") ?? ""))
      throw new Refusal(400, "InvalidApiVersionParameter", `${query.get("api-version")}`);
    if (exchange.action === undefined) throw new Refusal(400, "InvalidRequest", `${method} ${path}`);
    if (method === "PUT") this.problems.push(...this.inspect(exchange));
    if (/\/Microsoft\.Insights\/metrics$/i.test(path)) return this.monitor.metrics(exchange);
    const collection = /\/providers\/(Microsoft\.(?:App\/jobs|Logic\/workflows))$/i.exec(path);
    if (collection) return this.shelf.page(exchange, this.#in(path));
    if (/\/providers\/Microsoft\.App\/jobs\//i.test(path)) return this.apps.handle(exchange);
    if (/\/providers\/Microsoft\.Logic\/workflows\//i.test(path)) return this.logic.handle(exchange);
    return { status: 200, body: this.shelf.read(path) };
  }

  #in(path: string): readonly unknown[] {
    const prefix = `${path.toLowerCase()}/`;
    return this.shelf
      .ids()
      .filter((id) => id.startsWith(prefix))
      .sort()
      .map((id) => this.shelf.read(id));
  }

  /** A workflow asks: Azure itself, as its identity, or the world outside. */
  async #asked(sent: Sent): Promise<Reply | undefined> {
    const url = new URL(sent.uri);
    if (url.host !== "management.azure.com") {
      this.sent.push(sent);
      return this.web(sent);
    }
    if (sent.identity === undefined || sent.audience !== "https://management.azure.com/") return { status: 401 };
    const machine = /\/virtualMachines(?:\/([^/]+)\/(start|deallocate))?$/.exec(url.pathname);
    if (machine?.[1] !== undefined) {
      this.machines.set(url.pathname.replace(/\/(start|deallocate)$/, ""), machine[2] ?? "");
      return { status: 202 };
    }
    const exchange: Exchange = {
      method: sent.method,
      path: url.pathname,
      query: url.searchParams,
      headers: { authorization: `Bearer ${TOKEN}` },
      body: sent.body,
      action: actionOf(sent.method, url.pathname),
    };
    if (machine) return { status: 200, body: { value: this.#in(url.pathname) } };
    return this.#answer(exchange);
  }
}

function faultReply({ status, code, retryAfterSeconds }: Extract<Fault, { kind: "status" }>): Reply {
  return {
    status,
    headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
    body: {
      error: { code: code ?? (status === 429 ? "TooManyRequests" : "InternalServerError"), message: "injected" },
    },
  };
}
