import { stat } from "node:fs/promises";
import type { Instant, Sample } from "../../src/model/index.ts";
import { readCgroupCpuSeconds } from "./cgroup.ts";
import { folderBytes } from "./disk.ts";
import type { RunSpec } from "./folder.ts";
import { type Host, type LocalRun, outputLimits, treeKey } from "./host.ts";
import { OutputFile } from "./output.ts";
import { isInContainer, readResidentBytes, readStat } from "./proc.ts";
import { RepeatTracker } from "./repeating.ts";
import { NetworkMeter, type SocketWatch } from "./sockets.ts";
import { UsageMeter } from "./usage.ts";

/** Runs that are measured together share one walk through /proc. */
const SNAPSHOT_MS = 100;
const DISK_EVERY_MS = 10_000;
/** Of new output this much is looked at for repetition: the newest. */
const LOOK_BYTES = 256 * 1024;
/** Shorter than this is no interval: the kernel counts CPU in ticks of 10 ms. */
const SHORTEST_MS = 50;
/** More than is printed between two looks a few milliseconds apart is something else. */
const MOST_DEBT = 16 * 1024 * 1024;

interface Reading {
  readonly at: Instant;
  readonly monotonic: number;
  readonly cpuSeconds: number | undefined;
  readonly outputBytes: number;
  readonly progress: string;
}

/** Turns the counters of one run into samples. It lives in memory: after a restart the first reading gives none (K5). */
export class RunMeter {
  readonly #host: Host;
  readonly #target: LocalRun;
  readonly #spec: RunSpec;
  readonly #usage = new UsageMeter();
  readonly #network: NetworkMeter | undefined;
  readonly #repeats = new RepeatTracker();
  readonly #files: readonly [OutputFile, OutputFile];
  readonly #positions: [number, number] = [0, 0];
  #last: Reading | undefined;
  #writtenDebt = 0;
  #disk: { readonly monotonic: number; readonly bytes: number } | undefined;
  #work: Promise<unknown> = Promise.resolve();

  /** `fresh`: the run starts now, and everything it does is new. */
  constructor(host: Host, target: LocalRun, spec: RunSpec, sockets: SocketWatch | undefined, fresh: boolean) {
    this.#host = host;
    this.#target = target;
    this.#spec = spec;
    this.#network = sockets && new NetworkMeter(sockets);
    const limits = outputLimits(host);
    this.#files = [new OutputFile(target.folder.out, limits), new OutputFile(target.folder.err, limits)];
    const { clock } = host.context;
    if (!fresh) return;
    this.#last = { at: clock.now(), monotonic: clock.monotonic(), cpuSeconds: 0, outputBytes: 0, progress: "0" };
  }

  /** The files that the provider keeps under their limit. */
  get outputs(): readonly OutputFile[] {
    return this.#files;
  }

  /** What was used since the last reading; nothing the first time after a restart. */
  measure(): Promise<readonly Sample[]> {
    const next = this.#work.then(() => this.#measure());
    this.#work = next.catch(() => undefined);
    return next;
  }

  async #measure(): Promise<readonly Sample[]> {
    const { clock } = this.#host.context;
    const before = this.#last;
    if (before && clock.monotonic() - before.monotonic < SHORTEST_MS) return [];
    const child = await this.#target.folder.child();
    const key = treeKey(this.#target, this.#spec.cgroup, child);
    const keeper = await this.#target.folder.keeper();
    const keeperStat = keeper === undefined ? undefined : readStat(keeper.pid);
    const tree = this.#host.processes.find(key, clock.monotonic() - SNAPSHOT_MS);
    const seconds = before ? (clock.monotonic() - before.monotonic) / 1000 : 0;
    const used = this.#usage.advance(
      tree,
      keeperStat?.startTicks === keeper?.startTicks ? keeperStat : undefined,
      seconds,
    );
    const groupCpu =
      child?.inCgroup && this.#spec.cgroup !== undefined ? readCgroupCpuSeconds(this.#spec.cgroup) : undefined;
    const outputBytes = await this.#outputBytes();
    const networkBytes = await this.#network?.advance(tree);
    const now: Reading = {
      at: clock.now(),
      monotonic: clock.monotonic(),
      cpuSeconds: groupCpu,
      outputBytes,
      progress: await this.#progress(),
    };
    const repeats = this.#repeats.advance(await this.#newOutput());
    this.#last = now;
    if (!before) return [];
    const gained = outputBytes - before.outputBytes;
    const sample: Sample = {
      from: now.at - Math.round(now.monotonic - before.monotonic),
      to: now.at,
      monotonicTo: now.monotonic,
      outputBytes: gained,
      outputTotalBytes: outputBytes,
      progress: now.progress !== before.progress,
      diskBytes: await this.#diskBytes(),
      ...(repeats && gained > 0 ? { repeatingShare: repeats.share } : {}),
      ...(repeats?.line !== undefined && gained > 0 ? { repeatingLine: repeats.line } : {}),
    };
    if (!this.#host.hasProc || (this.#spec.container && !tree.some(isInContainer))) return [sample];
    return [
      {
        ...sample,
        cpuSeconds: cpuBetween(before, now) ?? used.cpuSeconds,
        memoryBytes: tree.reduce((sum, each) => sum + readResidentBytes(each.pid), 0),
        ...(used.readBytes === undefined ? {} : { readBytes: used.readBytes }),
        ...(used.writtenBytes === undefined ? {} : { writtenBytes: this.#withoutOutput(used.writtenBytes, gained) }),
        ...(networkBytes === undefined ? {} : { networkBytes }),
      },
    ];
  }

  /**
   * Output alone is no work: what went to stdout and stderr is not among the bytes written. What was printed between
   * the two looks is counted as output now and as written the next time, so it is taken off then.
   */
  #withoutOutput(written: number, output: number): number {
    const net = written - output - this.#writtenDebt;
    this.#writtenDebt = output === 0 ? 0 : Math.min(MOST_DEBT, Math.max(0, -net));
    return Math.max(0, net);
  }

  async #outputBytes(): Promise<number> {
    const [out, err] = await Promise.all(this.#files.map((file) => file.size()));
    return (out ?? 0) + (err ?? 0);
  }

  async #newOutput(): Promise<string> {
    let text = "";
    for (const index of [0, 1] as const) {
      const file = this.#files[index];
      const start = Math.max(this.#positions[index], (await file.size()) - LOOK_BYTES);
      const { bytes, position } = await file.read(start, LOOK_BYTES);
      this.#positions[index] = position;
      text += bytes.toString("utf8");
    }
    return text;
  }

  async #progress(): Promise<string> {
    const facts = await stat(this.#target.folder.progress).catch(() => undefined);
    return facts && facts.size > 0 ? `${facts.size}:${facts.mtimeMs}` : "0";
  }

  async #diskBytes(): Promise<number> {
    const monotonic = this.#host.context.clock.monotonic();
    if (!this.#disk || monotonic - this.#disk.monotonic >= DISK_EVERY_MS) {
      this.#disk = { monotonic, bytes: await folderBytes(this.#target.folder.work) };
    }
    return this.#disk.bytes;
  }
}

function cpuBetween(before: Reading, now: Reading): number | undefined {
  if (before.cpuSeconds === undefined || now.cpuSeconds === undefined) return undefined;
  return Math.max(0, now.cpuSeconds - before.cpuSeconds);
}
