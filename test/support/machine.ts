import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { local } from "../../providers/local/index.ts";
import type { Clock, GuardLimits, JsonObject, RunHandle, Workload } from "../../src/model/index.ts";
import type { OpenContext, Provider, RunState, StartRequest } from "../../src/provider/index.ts";
import { job } from "./jobs.ts";
import { SeededRandom } from "./random.ts";
import { wallClock } from "./wall-clock.ts";

export interface MachineOptions {
  readonly options?: JsonObject;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stateDir?: string;
  readonly clock?: Clock;
}

/** The local provider on a folder of its own, and the few things that tests of it do again and again. */
export class Machine {
  readonly stateDir: string;
  readonly provider: Provider;
  readonly context: OpenContext;
  readonly logged: string[];
  readonly #own: boolean;

  static async open({ options = {}, env, stateDir, clock = wallClock }: MachineOptions = {}): Promise<Machine> {
    const folder = stateDir ?? (await mkdtemp(join(process.env.TMPDIR ?? "/tmp", "rota-local-")));
    const logged: string[] = [];
    const context: OpenContext = {
      placement: "local",
      options,
      namespace: "acme",
      environment: "dev",
      stateDir: folder,
      baseDir: folder,
      clock,
      random: new SeededRandom(1),
      env: env ?? { PATH: process.env.PATH },
      log: (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    };
    return new Machine(await local.open(context), context, logged, stateDir === undefined);
  }

  private constructor(provider: Provider, context: OpenContext, logged: string[], own: boolean) {
    this.provider = provider;
    this.context = context;
    this.stateDir = context.stateDir;
    this.logged = logged;
    this.#own = own;
  }

  /** The folder of a run, where its files are. */
  folder(run: string): string {
    return join(this.stateDir, "runs", run);
  }

  request(run: string, workload: Workload, guard: Partial<GuardLimits> = {}): StartRequest {
    const base = job("job", { namespace: "acme", placement: "local", workload });
    return {
      run,
      job: { ...base, guard: { ...base.guard, graceSeconds: 5, ...guard } },
      attempt: 1,
      fireAt: Date.UTC(2026, 10, 23, 6),
      env: { ROTA_RUN: run, ROTA_JOB: "job" },
    };
  }

  start(run: string, workload: Workload, guard: Partial<GuardLimits> = {}): Promise<RunState> {
    return this.provider.start(this.request(run, workload, guard));
  }

  async ended(handle: RunHandle, withinMs = 10_000): Promise<RunState> {
    return this.until(handle, (state) => state.phase === "ended", withinMs);
  }

  async until(handle: RunHandle, condition: (state: RunState) => boolean, withinMs = 10_000): Promise<RunState> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const state = await this.provider.inspect(handle);
      if (condition(state)) return state;
      if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(state)}`);
      await wallClock.sleep(15);
    }
  }

  async output(handle: RunHandle, options: Parameters<Provider["logs"]>[1] = {}): Promise<string> {
    let text = "";
    for await (const chunk of this.provider.logs(handle, options)) text += chunk.text;
    return text;
  }

  /** Ends what still runs, and removes the folder when it made it. */
  async close(): Promise<void> {
    const runs = (await this.provider.listRuns(0)).filter((state) => state.phase !== "ended");
    await Promise.all(runs.map((state) => this.provider.stop(state.handle, "hard")));
    await this.provider.close();
    if (this.#own) await rm(this.stateDir, { recursive: true, force: true });
  }
}

/** A process without a shell. */
export function command(...argv: readonly string[]): Workload {
  return { kind: "process", command: argv, shell: false, cpu: 1, memoryBytes: 1, env: {}, secrets: {} };
}

/** A line for /bin/sh. */
export function shell(line: string, more: Partial<Extract<Workload, { kind: "process" }>> = {}): Workload {
  return { kind: "process", command: [line], shell: true, cpu: 1, memoryBytes: 1, env: {}, secrets: {}, ...more };
}
