import { readFileSync } from "node:fs";
import { availableParallelism, userInfo } from "node:os";
import { runCli, type Shell, type World } from "./cli/index.ts";

/** The composition root: the only reader of the process's environment and arguments, the only one that loads providers. */
const argv: readonly string[] = process.argv.slice(2);
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    // The second one is meant: nothing more is waited for, as in a crash, which every part survives.
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort(name);
  });
}
// A reader that went away (`rota runs | head`) is no error of ours; the daemon ends in order, as after Ctrl-C.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (argv[0] === "up") interrupted.abort("SIGPIPE");
    else process.exit(0);
  });
}

const shell: Shell = {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  version: version(),
  interrupted: interrupted.signal,
};
process.exitCode = await runCli(argv, shell, open);
// What was not waited for, such as a provider's answer, would keep the process.
if (interrupted.signal.aborted) process.exit();

/** What a command works with; `rota --help` needs none of it. */
async function open(): Promise<World> {
  const { realClock, realRandom, startDaemon } = await import("./daemon/index.ts");
  const { registry } = await import("../providers/index.ts");
  return {
    ...shell,
    clock: realClock(),
    random: realRandom(),
    registry,
    files: async () => (await import("./engine/project/index.ts")).diskFiles,
    placementSchemas: async () => (await import("../providers/options.ts")).placementSchemas,
    nodeVersion: process.versions.node,
    pid: process.pid,
    bootId: bootId(),
    cores: availableParallelism(),
    ...account(),
    startDaemon,
  };
}

function version(): string {
  for (const up of ["../package.json", "../../package.json"]) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8"));
      if (typeof found === "object" && found && "version" in found) return String(found.version);
    } catch {
      // In dist/ the file is one folder higher.
    }
  }
  return "unknown";
}

/** Of the process's user id; one that no list of users has (a container's) has no name. */
function account(): Pick<World, "account"> {
  try {
    return { account: userInfo().username };
  } catch {
    return {};
  }
}

/** Changes at every start of the machine; where the kernel tells none, runs are known by start time alone. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}
