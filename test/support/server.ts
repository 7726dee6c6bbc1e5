import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import {
  type Actor,
  type ApplyRequest,
  type Control,
  ControlError,
  type EngineStatus,
  type Excused,
} from "../../src/engine/index.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import { type Entry, HOUR, type Run } from "../../src/model/index.ts";
import type { LogChunk } from "../../src/provider/index.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server/index.ts";
import { VirtualClock } from "./clock.ts";
import { SampleWriter, sampleRun } from "./sample.ts";

export const TOKEN = "test-token-0123456789abcdefghijklmnopqrstuv";

/** Counts what it is asked to change, and answers as the engine would. */
export class FakeControl implements Control {
  readonly changes: { readonly what: string; readonly of: string; readonly actor?: Actor }[] = [];
  readonly #ledger: Ledger;
  readonly #listeners = new Set<(entry: Entry) => void>();
  current: EngineStatus;
  failure: Error | undefined;

  constructor(ledger: Ledger, current: EngineStatus) {
    this.#ledger = ledger;
    this.current = current;
  }

  async status(): Promise<EngineStatus> {
    if (this.failure) throw this.failure;
    return this.current;
  }

  async startRun(job: string, actor: Actor): Promise<Run> {
    this.#note("startRun", job, actor);
    if (job === "unknown") throw new ControlError("notFound", "no job unknown", "see rota show");
    return sampleRun(job, this.current.now);
  }

  async kill(run: string, reason: string, actor: Actor, options?: { readonly force?: boolean }): Promise<Run> {
    this.#note(options?.force === true ? "forced kill" : "kill", `${run}: ${reason}`, actor);
    const found = await this.#ledger.run(run);
    if (!found) throw new ControlError("notFound", `no run ${run}`);
    return found;
  }

  async excuse(fire: string, reason: string, actor: Actor): Promise<Excused> {
    this.#note("excuse", `${fire}: ${reason}`, actor);
    return { was: "missed" };
  }

  async beat(run: string): Promise<void> {
    this.#note("beat", run);
  }

  async releaseGuard(reason: string, actor: Actor): Promise<void> {
    this.#note("releaseGuard", reason, actor);
  }

  async releaseBudget(budget: string, reason: string, actor: Actor): Promise<void> {
    this.#note("releaseBudget", `${budget}: ${reason}`, actor);
  }

  async apply(_request: ApplyRequest, actor: Actor): ReturnType<Control["apply"]> {
    this.#note("apply", "", actor);
    throw new ControlError("unavailable", "this engine deploys nothing");
  }

  subscribe(listener: (entry: Entry) => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener));
  }

  /** Appends, and tells the listeners: as the engine does. */
  async append(...events: Parameters<Ledger["append"]>[0]): Promise<readonly Entry[]> {
    const entries = await this.#ledger.append(events);
    for (const entry of entries) for (const listener of this.#listeners) listener(entry);
    return entries;
  }

  #note(what: string, of: string, actor?: Actor): void {
    this.changes.push(actor === undefined ? { what, of } : { what, of, actor });
    if (this.failure) throw this.failure;
  }
}

export function engineStatus(clock: VirtualClock, more: Partial<EngineStatus> = {}): EngineStatus {
  return {
    environment: "dev",
    namespace: "acme-ml",
    epoch: 2,
    startedAt: clock.now() - 3 * HOUR,
    now: clock.now(),
    ready: true,
    problems: [],
    unread: [],
    placements: [{ placement: "local", type: "local", ok: true, jobs: 7 }],
    running: [],
    budgets: [],
    nextFires: [],
    ...more,
  };
}

export interface TestServer {
  readonly server: RunningServer;
  readonly url: string;
  readonly socketPath: string;
  readonly control: FakeControl;
  readonly ledger: Ledger;
  readonly clock: VirtualClock;
  readonly writer: SampleWriter;
  readonly host: string;
  close(): Promise<void>;
}

export async function openTestServer(
  options: Partial<ServerOptions> = {},
  fill?: (writer: SampleWriter) => Promise<unknown>,
): Promise<TestServer> {
  const clock = new VirtualClock();
  const ledger = await openMemoryLedger(clock);
  const writer = new SampleWriter(ledger, clock);
  await fill?.(writer);
  const control = new FakeControl(ledger, engineStatus(clock));
  const folder = await mkdtemp(join(tmpdir(), "rota-server-"));
  const socketPath = join(folder, "rota.sock");
  const server = await startServer({
    control,
    ledger,
    clock,
    log: pino({ level: "silent" }),
    version: "0.1.0",
    views: () => ({ namespace: "acme-ml", environment: "dev", timezone: "UTC", currency: "USD", budgets: [] }),
    logs: sampleLogs,
    token: TOKEN,
    port: 0,
    socketPath,
    ...options,
  });
  const close = async (): Promise<void> => {
    await server.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  };
  const host = new URL(server.url).host;
  return { server, url: server.url, socketPath, control, ledger, clock, writer, host, close };
}

async function* sampleLogs(run: Run): AsyncGenerator<LogChunk> {
  yield { stream: "stdout", text: `output of ${run.run}\n` };
  yield { stream: "stderr", text: "a warning\n" };
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Over the unix socket instead of TCP. */
  readonly socket?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request with exactly these headers (Host too, when it is given). */
export function call(world: Pick<TestServer, "url" | "socketPath">, asked: Call): Promise<Answer> {
  const { hostname, port } = new URL(world.url);
  const target = asked.socket === true ? { socketPath: world.socketPath } : { hostname, port };
  const length = asked.body === undefined ? {} : { "content-length": String(Buffer.byteLength(asked.body)) };
  const headers = { ...length, ...asked.headers };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { ...target, method: asked.method ?? "GET", path: asked.path, headers, agent: false },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(asked.body);
  });
}

export const JSON_TYPE: Readonly<Record<string, string>> = { "content-type": "application/json" };
export const BEARER: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` };
