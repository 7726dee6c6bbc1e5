import type { Logger } from "pino";
import type { Project } from "../engine/project/index.ts";
import type { Files } from "../manifest/index.ts";
import type { Clock, Entry, Random } from "../model/index.ts";
import type { PlacementSchemas, Registry } from "../provider/index.ts";

/** What the command line itself needs: enough for help, versions and mistakes, and quick to make. */
export interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly stdin: AsyncIterable<unknown> & { readonly isTTY?: boolean };
  readonly version: string;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP, whose name is the reason. */
  readonly interrupted: AbortSignal;
}

/** Everything a command touches of the process it runs in; made once, in main.ts. */
export interface World extends Shell {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: Registry;
  /** Loaded on first use, with the reader of manifests. */
  readonly files: () => Promise<Files>;
  readonly placementSchemas: () => Promise<PlacementSchemas>;
  /** `26.10.0` */
  readonly nodeVersion: string;
  readonly pid: number;
  readonly bootId: string;
  readonly cores: number;
  /** The user as the system knows them, for where the environment names none (services, containers). */
  readonly account?: string;
  readonly startDaemon: StartDaemon;
}

/**
 * The daemon as `rota up` sees it: given by the composition root, since it stands above the CLI.
 * It says what happens while it runs (`say`) and logs what does not concern a person (`logger`).
 */
export type StartDaemon = (
  world: Pick<World, "clock" | "random" | "env" | "registry" | "version" | "pid" | "bootId" | "cores"> & {
    readonly files: Files;
    readonly placementSchemas: PlacementSchemas;
    readonly logger: Logger;
    readonly say: (text: string) => void;
  },
  options: {
    readonly file: string;
    readonly environment?: string;
    readonly stateDir: string;
    readonly host?: string;
    readonly port: number;
    /** Any free port will do when that one is taken. */
    readonly anyPort?: boolean;
    readonly token?: string;
    readonly autoApply: boolean;
    readonly acceptClock: boolean;
  },
) => Promise<{
  readonly url: string;
  readonly token: string;
  readonly project: () => Project;
  subscribe(listener: (entry: Entry) => void, signal: AbortSignal): void;
  stop(reason: string): Promise<readonly string[]>;
}>;

/** The process's exit code (docs/cli.md). */
export type ExitCode = 0 | 1 | 2 | 130;

/** Something a person is told instead of a stack trace; exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly fix?: string;
  constructor(message: string, fix?: string) {
    super(message);
    if (fix !== undefined) this.fix = fix;
  }
}
