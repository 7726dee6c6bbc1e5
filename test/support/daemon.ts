import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { GuardLimits, JsonObject, Workload } from "../../src/model/index.ts";
import type { RunState } from "../../src/provider/index.ts";

export interface RunToStart {
  readonly run: string;
  readonly workload: Workload;
  readonly guard?: Partial<GuardLimits>;
}

/** Another process that has the local provider open on the folder and has started these runs. */
export class Daemon {
  readonly states: readonly RunState[];
  readonly #child: ChildProcess;

  static async start(stateDir: string, runs: readonly RunToStart[], options: JsonObject = {}): Promise<Daemon> {
    const script = fileURLToPath(new URL("./starter.ts", import.meta.url));
    const argv = [script, stateDir, JSON.stringify(options), ...runs.map((run) => JSON.stringify(run))];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
    const states: RunState[] = [];
    if (runs.length > 0) {
      for await (const line of createInterface({ input: child.stdout })) {
        states.push(JSON.parse(line));
        if (states.length === runs.length) break;
      }
    }
    if (states.length < runs.length) throw new Error("the daemon ended before it had started its runs");
    return new Daemon(child, states);
  }

  private constructor(child: ChildProcess, states: readonly RunState[]) {
    this.#child = child;
    this.states = states;
  }

  /** As `kill -9`. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
