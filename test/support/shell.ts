import { registry } from "../../providers/index.ts";
import { placementSchemas } from "../../providers/options.ts";
import { runCli, type Shell, type World } from "../../src/cli/index.ts";
import { diskFiles } from "../../src/engine/index.ts";
import type { Instant } from "../../src/model/index.ts";
import { VirtualClock } from "./clock.ts";
import { SeededRandom } from "./random.ts";

export interface ShellOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Columns of the terminal; without it, stdout and stderr are pipes. */
  readonly columns?: number;
  readonly now?: Instant;
}

export interface ShellOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line in this process: all of it but the process itself, and no daemon. */
export async function runInShell(
  cwd: string,
  argv: readonly string[],
  options: ShellOptions = {},
): Promise<ShellOutcome> {
  const written = { stdout: "", stderr: "" };
  const take = (stream: "stdout" | "stderr") => (text: string) => {
    written[stream] += text;
  };
  const { columns, env = {}, now = Date.UTC(2026, 10, 23, 12) } = options;
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const shell: Shell = {
    cwd,
    env,
    stdout: { write: take("stdout"), ...terminal },
    stderr: { write: take("stderr"), ...terminal },
    stdin: { async *[Symbol.asyncIterator]() {} },
    version: "1.2.3",
    interrupted: new AbortController().signal,
  };
  const open = async (): Promise<World> => ({
    ...shell,
    clock: new VirtualClock({ startAt: now }),
    random: new SeededRandom(1),
    registry,
    files: async () => diskFiles,
    placementSchemas: async () => placementSchemas,
    nodeVersion: "26.0.0",
    pid: 4242,
    bootId: "boot",
    cores: 2,
    account: "svc-rota",
    startDaemon: async () => {
      throw new Error("no daemon is started here");
    },
  });
  const code = await runCli(argv, shell, open);
  return { code, ...written };
}
