import { readFile } from "node:fs/promises";
import { Option } from "commander";
import { statePaths } from "../engine/home/index.ts";
import type { Placement } from "../model/index.ts";
import type { StatusObject } from "../query/index.ts";
import { askDaemon } from "./client.ts";
import { type CommonOptions, findManifest, stateDir, wholeNumber, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { eventLine } from "./events.ts";
import { logStream } from "./log-stream.ts";
import { terminalOf } from "./terminal.ts";
import { counted } from "./text.ts";
import { CommandError, type World } from "./world.ts";

const DEFAULT_PORT = 7420;
const MOST_PORT = 65_535;
/** A daemon that takes a connection and does not answer stands still; it is not waited for. */
const PATIENCE_MS = 700;

interface UpOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: number;
  readonly token?: string;
  readonly autoApply?: boolean;
  readonly acceptClock?: boolean;
  readonly quiet?: boolean;
}

export const defineUp: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota up\nrota up --env prod --port 8080")
    .addOption(new Option("--host <address>", "where the page and the API listen (default 127.0.0.1)"))
    .addOption(
      new Option(
        "--port <port>",
        `0: any free one (default ${DEFAULT_PORT}, or any free one while that is taken)`,
      ).argParser(wholeNumber(0, MOST_PORT)),
    )
    .addOption(new Option("--token <token>", "a token of your own, needed beyond loopback (at least 32 characters)"))
    .addOption(new Option("--auto-apply", "deploy changes of the manifest to clouds too, without rota apply"))
    .addOption(new Option("--accept-clock", "the clock is right, whatever the ledger's last record says"))
    .addOption(new Option("--quiet", "do not print a line for each event"))
    .action(async (options: UpOptions) => {
      const terminal = terminalOf(world);
      const daemon = await start(world, options);
      const { timezone, placements } = daemon.project().desired?.manifest ?? { timezone: "UTC", placements: [] };
      terminal.out(`rota is up. The page: ${terminal.paint(`${daemon.url}/#token=${daemon.token}`, "bold")}`);
      terminal.out(`${onCtrlC(placements)} Times are ${timezone}.\n`);
      const stopped = new AbortController();
      if (!options.quiet) {
        daemon.subscribe((entry) => {
          const line = eventLine(entry, terminal, timezone);
          if (line !== undefined) terminal.out(line);
        }, stopped.signal);
      }
      await interruption(world.interrupted);
      terminal.note("\nstopping … (a second Ctrl-C does not wait)");
      const left = await daemon.stop("stopped by a person");
      stopped.abort();
      terminal.note(
        left.length === 0
          ? "stopped; nothing runs on."
          : `stopped; ${counted(left.length, "run goes", "runs go")} on unguarded until the next rota up finds ${left.length === 1 ? "it" : "them"}: ${left.join(", ")}`,
      );
      // A service manager asks with SIGTERM, and got what it asked for.
      exit(world.interrupted.reason === "SIGTERM" ? 0 : 130);
    });

async function start(world: World, options: UpOptions): ReturnType<World["startDaemon"]> {
  await refuseSecond(world, options);
  const terminal = terminalOf(world);
  const { clock, random, env, registry, version, pid, bootId, cores } = world;
  const { pino } = await import("pino");
  const logger = pino({ level: env["ROTA_LOG"] ?? "warn" }, logStream(world));
  const file = await findManifest(world, options);
  const { host, token, env: environment } = options;
  return world.startDaemon(
    {
      ...{ clock, random, env, registry, version, pid, bootId, cores, logger },
      files: await world.files(),
      placementSchemas: await world.placementSchemas(),
      say: (text) => terminal.note(text),
    },
    {
      file,
      stateDir: await stateDir(world, options),
      port: options.port ?? DEFAULT_PORT,
      anyPort: options.port === undefined,
      autoApply: options.autoApply ?? false,
      acceptClock: options.acceptClock ?? false,
      ...(environment === undefined ? {} : { environment }),
      ...(host === undefined ? {} : { host }),
      ...(token === undefined ? {} : { token }),
    },
  );
}

/** At once and with the way out, before anything is loaded; the ledger's own lock stands behind it. */
async function refuseSecond(world: World, options: UpOptions): Promise<void> {
  const { state, file } = options;
  const where = { ...(state === undefined ? {} : { state }), ...(file === undefined ? {} : { file }) };
  const [answered, patience] = [new AbortController(), new AbortController()];
  void world.clock.sleep(PATIENCE_MS, answered.signal).then(() => patience.abort());
  const running = await askDaemon<StatusObject>(world, where, "/api/status", patience.signal);
  // Nobody but a live process has that socket, so this one is not looked for any further.
  if (running === undefined && patience.signal.aborted) throw await standsStill(await stateDir(world, options));
  answered.abort();
  if (running?.daemon.up !== true) return;
  const { pid } = running.daemon;
  throw new CommandError(
    `a daemon runs on ${await stateDir(world, options)} already: ${running.namespace}/${running.environment}, pid ${pid}`,
    `rota status shows it; stop it with Ctrl-C where it runs, or with: kill ${pid}; or give this one a folder of its own with --state DIR`,
  );
}

async function standsStill(dir: string): Promise<CommandError> {
  const text = await readFile(statePaths(dir).daemon, "utf8").catch(() => "{}");
  const { pid } = JSON.parse(text) as { readonly pid?: number };
  return new CommandError(
    `a daemon runs on ${dir} already${pid === undefined ? "" : ` (pid ${pid})`}, and does not answer`,
    `it may have been stopped (kill -CONT ${pid ?? "PID"} lets it go on) or be overloaded; or give this one a folder of its own with --state DIR`,
  );
}

/** What becomes of the runs in flight, which each placement says for itself (`onExit`). */
function onCtrlC(placements: readonly Placement[]): string {
  const stop = placements.filter(({ options }) => options["onExit"] === "stop").map(({ name }) => name);
  if (placements.length > 0 && stop.length === placements.length)
    return "Ctrl-C stops the daemon, and first the runs in flight.";
  const those = stop.length === 0 ? "" : `, except those on ${stop.join(", ")}, which are stopped first`;
  return `Ctrl-C stops the daemon; runs in flight go on, and the next rota up finds them${those}.`;
}

function interruption(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
