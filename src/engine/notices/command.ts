import { spawn } from "node:child_process";

export interface CommandRequest {
  /** argv; never through a shell. */
  readonly command: readonly string[];
  readonly input: string;
  /** Ends it, and what it started. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Runs a command to its end. Rejects with the system's error when it cannot be started. */
export type RunCommand = (request: CommandRequest) => Promise<CommandResult>;

/** `env` is all that commands see; the composition root says what. */
export function createRunCommand(env: Readonly<Record<string, string | undefined>>, cwd: string): RunCommand {
  return ({ command: [file = "", ...args], input, signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        resolve({ exitCode: null, signal: "SIGKILL" });
        return;
      }
      const child = spawn(file, args, { env, cwd, shell: false, detached: true, stdio: ["pipe", "ignore", "ignore"] });
      const end = (): void => {
        // Its own process group: what it started goes with it.
        if (child.pid === undefined || child.exitCode !== null) return;
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch {
          child.kill("SIGKILL");
        }
      };
      signal.addEventListener("abort", end, { once: true });
      child.once("error", (error) => {
        signal.removeEventListener("abort", end);
        reject(error);
      });
      child.once("exit", (exitCode, killedBy) => {
        signal.removeEventListener("abort", end);
        resolve({ exitCode, signal: killedBy });
      });
      // A command that does not read its input closes the pipe; that is its choice.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
}
