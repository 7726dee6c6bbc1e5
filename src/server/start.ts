import type { AddressInfo } from "node:net";
import { createApp } from "./app.ts";
import { type RouteContext, Streams } from "./context.ts";
import { Feed } from "./feed.ts";
import { type GateOptions, hostNames, isLoopback } from "./gate.ts";
import { createMetrics } from "./metrics.ts";
import type { ServerOptions } from "./options.ts";
import { listenOnSocket } from "./socket.ts";

const DEFAULT_HOST = "127.0.0.1";
const LEAST_TOKEN_LENGTH = 32;
const STREAMS = 64;

export interface RunningServer {
  /** `http://127.0.0.1:7420`, no slash at the end. */
  readonly url: string;
  readonly socketPath?: string;
  /** Ends open streams and connections; resolves when nothing listens any more. */
  close(): Promise<void>;
}

/** A configuration under which the server must not start. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/** Serves the API and the page on TCP, and the API on the unix socket when there is a path for it. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = options.host ?? DEFAULT_HOST;
  refuseUnsafe(host, options);
  const stop = new AbortController();
  const metrics = options.metrics ?? createMetrics(options.version);
  const feed = new Feed(options.control, options.ledger, options.clock, stop.signal);
  options.control.subscribe((entry) => metrics.record(entry), stop.signal);
  const streams = new Streams(STREAMS);

  let hosts: ReadonlySet<string> = new Set();
  const gate = { token: options.token, loopback: isLoopback(host), hosts: () => hosts };
  const open = (transport: GateOptions["transport"]): ReturnType<typeof createApp> => {
    const context: RouteContext = { ...options, metrics, transport, feed, streams };
    return createApp(context, { ...gate, transport });
  };
  const tcp = await open("tcp");
  const local = options.socketPath === undefined ? undefined : await open("socket");
  const close = async (): Promise<void> => {
    stop.abort();
    streams.closeAll();
    await Promise.all([tcp.close(), local?.close()]);
  };
  try {
    await tcp.listen({ host, port: options.port });
    const { port } = tcp.server.address() as AddressInfo;
    hosts = hostNames(host, port, options.allowedHosts ?? []);
    const url = `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
    if (!local || options.socketPath === undefined) return { url, close };
    const socket = await listenOnSocket(options.socketPath, (path) => local.listen({ path }));
    const closeAll = async (): Promise<void> => {
      await socket.remove();
      await close();
    };
    return { url, socketPath: options.socketPath, close: closeAll };
  } catch (error) {
    await close();
    throw error;
  }
}

function refuseUnsafe(host: string, options: ServerOptions): void {
  if (options.token.length < LEAST_TOKEN_LENGTH) {
    throw new ServerError(
      `the token is shorter than ${LEAST_TOKEN_LENGTH} characters`,
      "let rota make one, or give a longer one",
    );
  }
  if (!isLoopback(host) && options.tokenGiven !== true) {
    throw new ServerError(
      `${host} is not a loopback address, and no token was chosen for it`,
      "give a token of your own for it, or listen on 127.0.0.1 behind a proxy",
    );
  }
}
