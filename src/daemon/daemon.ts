import { rm, writeFile } from "node:fs/promises";
import type { Logger } from "pino";
import { loadPage } from "../dashboard/index.ts";
import {
  claimState,
  closePlacements,
  createNotifier,
  createPost,
  createRunCommand,
  Engine,
  type EngineSettings,
  type Notifier,
  type OpenPlacement,
  openPlacements,
  type Project,
  secretValues,
  statePaths,
  steadyTime,
  withoutSecrets,
} from "../engine/index.ts";
import { type Ledger, openLedger } from "../ledger/index.ts";
import type { Files } from "../manifest/index.ts";
import { type Clock, type DesiredState, type Entry, type Random, type Run, SECOND } from "../model/index.ts";
import { createRedactor, type PlacementSchemas, type Registry, withRedaction } from "../provider/index.ts";
import {
  beatToken,
  createMetrics,
  type RunningServer,
  readOrCreateToken,
  ServerError,
  type ServerOptions,
  startServer,
} from "../server/index.ts";
import { changesText, Deploying } from "./deploying.ts";
import { noticeEnvironment } from "./environment.ts";
import { followManifest, readManifest } from "./following.ts";
import { runLogs } from "./logs.ts";
import { replacePlacements } from "./placements.ts";
import { viewsOf } from "./views.ts";

/** Notices that wait when the daemon ends get this long to leave. */
const DRAIN_MS: number = 5 * SECOND;

export interface DaemonOptions {
  /** Absolute path of the manifest. */
  readonly file: string;
  readonly environment?: string;
  readonly stateDir: string;
  readonly host?: string;
  readonly port: number;
  /** Any free port will do when that one is taken. */
  readonly anyPort?: boolean;
  /** A token chosen by a person, for an address beyond loopback. */
  readonly token?: string;
  /** Deploys changes to native placements too, without `apply`. */
  readonly autoApply: boolean;
  readonly acceptClock: boolean;
}

/** The process the daemon lives in. */
export interface DaemonWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
  readonly files: Files;
  /** Without them the manifest's placements are not checked before they are opened. */
  readonly placementSchemas?: PlacementSchemas;
  readonly logger: Logger;
  readonly version: string;
  readonly pid: number;
  readonly bootId: string;
  readonly cores: number;
  /** What people read while the daemon runs: one message each. */
  readonly say: (text: string) => void;
}

export interface RunningDaemon {
  readonly url: string;
  readonly token: string;
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly project: () => Project;
  subscribe(listener: (entry: Entry) => void, signal: AbortSignal): void;
  /** Ends the daemon in order; answers the runs that go on without it. */
  stop(reason: string): Promise<readonly string[]>;
}

/** A manifest with errors, which were said; nothing was started. */
class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly fix: string = "mend it and start again; rota validate checks it";
  constructor() {
    super("the manifest has errors; nothing was started");
  }
}

/** Everything of `rota up`, put together: reconcile, run or observe, guard, meter, attend, serve. */
export async function startDaemon(world: DaemonWorld, options: DaemonOptions): Promise<RunningDaemon> {
  const { files, placementSchemas, say } = world;
  const input = { ...options, files, placementSchemas, say };
  const first = await readManifest(input);
  let { project } = first;
  if (!project.desired) throw new ManifestError();
  let desired: DesiredState = project.desired;
  const { manifest } = desired;
  const paths = statePaths(options.stateDir);
  const owner = { namespace: manifest.namespace, environment: manifest.environment.name };
  // By value, in whatever text: nothing that leaves the daemon carries a secret of this manifest or one before, since
  // runs that were started with those go on. A secret's file is read as part of the manifest, and so is followed.
  const secrets = new Set<string>();
  let takeOut = createRedactor(secrets);
  const redact = (text: string): string => takeOut(text);
  const learnSecrets = async (from: DesiredState, baseDir: string, files: Files): Promise<void> => {
    for (const value of await secretValues(from.manifest, world.env, baseDir, files)) secrets.add(value);
    takeOut = createRedactor(secrets);
  };
  await learnSecrets(desired, project.baseDir, first.reading);
  const log = withRedaction((level, message, fields) => world.logger[level](fields ?? {}, message), redact);
  await claimState(paths, owner);

  const time = steadyTime(world.clock);
  const ledger = await openLedger({ path: paths.ledger, clock: time, turn: setImmediate });
  const undo: (() => Promise<unknown>)[] = [() => ledger.close()];
  try {
    const placements = new Map<string, OpenPlacement>();
    const openAll = async (state: DesiredState, inFlight: () => readonly Run[]): Promise<void> => {
      const holding = (await ledger.deployments()).map((d) => d.placement);
      const fresh = await openPlacements({
        manifest: state.manifest,
        registry: world.registry,
        stateDir: paths.dir,
        baseDir: project.baseDir,
        clock: world.clock,
        random: world.random,
        env: world.env,
        log,
        holding,
      });
      const needed = new Set([...holding, ...inFlight().map((run) => run.placement)]);
      await replacePlacements(placements, fresh, (name) => needed.has(name));
    };
    await openAll(desired, () => []);
    undo.push(() => closePlacements(placements));

    const notifier: Notifier = createNotifier({
      channels: manifest.notify,
      clock: world.clock,
      random: world.random,
      post: createPost(),
      run: createRunCommand(noticeEnvironment(world.env, [...secrets]), project.baseDir),
      log,
      redact,
      record: async (event) => {
        await ledger.append([withoutSecrets(event, redact)]);
      },
    });
    const token = options.token ?? (await readOrCreateToken(paths.token));
    const metrics = createMetrics(world.version);
    let url: string | undefined;
    const beatEnv = (run: Run): Record<string, string> =>
      url === undefined
        ? {}
        : { ROTA_BEAT: `${url}/api/runs/${run.run}/beat`, ROTA_BEAT_TOKEN: beatToken(token, run.run) };
    const engine = await Engine.open(
      {
        clock: world.clock,
        time,
        random: world.random,
        ledger,
        placements,
        currency: manifest.currency,
        cores: world.cores,
        notify: (notice) => notifier.send(notice),
        log,
        redact,
        version: world.version,
        pid: world.pid,
        bootId: world.bootId,
        runEnv: (run) => beatEnv(run),
        observe: { dispatchLag: metrics.observeDispatchLag, append: metrics.observeAppend },
      },
      settingsOf(desired),
      { acceptClock: options.acceptClock },
    );
    undo.push(() => engine.abandon());

    const stopping = new AbortController();
    undo.push(async () => stopping.abort());
    const deploying = new Deploying({
      engine,
      clock: world.clock,
      autoApply: options.autoApply,
      say: (text) => world.say(redact(text)),
      tell: (text) => notifier.send({ kind: "problem", subject: "rota: the manifest is not deployed", text }),
      signal: stopping.signal,
    });
    const serverOptions: ServerOptions = {
      control: engine,
      ledger,
      clock: world.clock,
      log: world.logger,
      version: world.version,
      views: () => viewsOf(desired, engine),
      logs: (run, opts) => runLogs(placements, run, opts),
      token,
      tokenGiven: options.token !== undefined,
      ...(options.host === undefined ? {} : { host: options.host }),
      port: options.port,
      socketPath: paths.socket,
      metrics,
      page: await loadPage(),
    };
    const server = await serve(world, options, serverOptions);
    undo.push(() => server.close());
    url = server.url;
    const deployed = await deploying.deploy(desired);
    const changes = deployed?.ok ? changesText(deployed.result) : undefined;
    if (changes !== undefined) world.say(changes);
    const loop = engine.run();

    await writeFile(
      paths.daemon,
      `${JSON.stringify({ pid: world.pid, url: server.url, socket: paths.socket, version: world.version, startedAt: new Date(time.now()).toISOString() })}\n`,
      { mode: 0o600 },
    );

    const watching = followManifest({
      clock: world.clock,
      signal: stopping.signal,
      say: (text) => world.say(redact(text)),
      first,
      read: () => readManifest(input),
      takeOver: async (next, wanted, reading) => {
        await learnSecrets(wanted, next.baseDir, reading);
        await openAll(wanted, () => [...engine.state.open.values()].map((t) => t.run));
        project = next;
        desired = wanted;
        notifier.setChannels(desired.manifest.notify);
        engine.settings = settingsOf(desired);
        await deploying.deploy(desired);
      },
      failed: (error) => log("error", "the manifest could not be taken over", { error: String(error) }),
    });

    const end = async (reason: string): Promise<readonly string[]> => {
      stopping.abort();
      let left: readonly string[] = [];
      // One step that fails keeps none of the others from being done.
      const steps: readonly (() => Promise<unknown>)[] = [
        async () => {
          left = (await engine.stop(reason)).map((t) => t.run.run);
        },
        () => loop,
        () => watching,
        () => notifier.drain(DRAIN_MS),
        () => server.close(),
        () => closePlacements(placements),
        () => ledger.close(),
        () => rm(paths.daemon, { force: true }),
      ];
      for (const step of steps) {
        await step().catch((error: unknown) => log("error", "a step of the end failed", { error: String(error) }));
      }
      return left;
    };
    let ending: Promise<readonly string[]> | undefined;
    const stop = (reason: string): Promise<readonly string[]> => {
      ending ??= end(reason);
      return ending;
    };
    return {
      url: server.url,
      token,
      engine,
      ledger,
      project: () => project,
      subscribe: (listener, signal) => engine.subscribe(listener, signal),
      stop,
    };
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

/** Listens where it was told to, or, when that port is taken and nobody insisted on it, at any free one. */
async function serve(world: DaemonWorld, options: DaemonOptions, server: ServerOptions): Promise<RunningServer> {
  try {
    return await startServer(server);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    if (options.anyPort) {
      world.say(`port ${options.port} is taken, so the page is at another one`);
      return startServer({ ...server, port: 0 });
    }
    throw new ServerError(
      `port ${options.port} of ${options.host ?? "127.0.0.1"} is taken`,
      "choose another with --port, or any free one with --port 0",
    );
  }
}

function settingsOf({ manifest }: DesiredState): EngineSettings {
  return {
    namespace: manifest.namespace,
    environment: manifest.environment.name,
    safety: manifest.safety,
    budgets: manifest.budgets,
  };
}
