import { statSync } from "node:fs";
import type { Sample } from "../../src/model/index.ts";
import type { RunSpec } from "./folder.ts";
import type { Host, LocalRun } from "./host.ts";
import { RunMeter } from "./meter.ts";
import type { OutputFile } from "./output.ts";
import { SocketWatch } from "./sockets.ts";

const LOOK_MS = 250;
/** While some run floods its output. */
const FLOOD_LOOK_MS = 20;

/** The runs in flight that this provider knows of: their meters, and the one loop that keeps their output small. */
export class RunWatch {
  readonly #host: Host;
  readonly #sockets: SocketWatch | undefined;
  readonly #meters = new Map<string, RunMeter>();
  readonly #closing = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.#sockets = host.ss === undefined ? undefined : new SocketWatch(host.ss, host.context.clock);
  }

  /** Takes a run in; `fresh` when it starts now, else what it did so far is the baseline. */
  add(target: LocalRun, spec: RunSpec, fresh: boolean): void {
    if (this.#closing.signal.aborted || this.#meters.has(target.run)) return;
    this.#meters.set(target.run, new RunMeter(this.#host, target, spec, this.#sockets, fresh));
    this.#loop ??= this.#run().finally(() => {
      this.#loop = undefined;
    });
  }

  /** Lets a run go that has ended; its output gets its last trim. */
  async remove(run: string): Promise<void> {
    const meter = this.#meters.get(run);
    this.#meters.delete(run);
    for (const file of meter?.outputs ?? []) await file.trim();
  }

  measure(run: string): Promise<readonly Sample[]> {
    return this.#meters.get(run)?.measure() ?? Promise.resolve([]);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#meters.clear();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#host.context;
    while (this.#meters.size > 0 && !this.#closing.signal.aborted) {
      let flooding = false;
      for (const meter of this.#meters.values()) {
        for (const file of meter.outputs) {
          try {
            if (!mayBeLarge(file, this.#host.options.outputTailBytes)) continue;
            flooding = (await file.trim()) || flooding;
          } catch (error) {
            log("warn", "the output of a run could not be kept small", { path: file.path, error: String(error) });
          }
        }
      }
      await clock.sleep(flooding ? FLOOD_LOOK_MS : LOOK_MS, this.#closing.signal);
    }
  }
}

/** Asked for every run four times a second: two microseconds, where a promise takes fifty. */
function mayBeLarge(file: OutputFile, tailBytes: number): boolean {
  return (statSync(file.path, { throwIfNoEntry: false })?.size ?? 0) > tailBytes;
}
