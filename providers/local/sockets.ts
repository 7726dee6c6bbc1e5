import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Clock } from "../../src/model/index.ts";
import { isSameProcess, type ProcessStat, readNetworkNamespace, readSocketInodes } from "./proc.ts";

const execute = promisify(execFile);
const TABLE_MS = 500;
const TIMEOUT_MS = 5000;
const TABLE_BYTES = 64 * 1024 * 1024;

/** Bytes received and acknowledged by each TCP connection of this machine, by the inode of its socket. */
interface SocketTable {
  readonly at: number;
  readonly tcp: ReadonlyMap<string, number>;
  /** Sockets of which the kernel counts no bytes. */
  readonly uncounted: ReadonlySet<string>;
}

/**
 * Reads the kernel's counters with `ss` of iproute2 (-e shows the inode, -i the bytes of a TCP connection; ss(8)).
 * One table serves all runs that are measured at about the same time.
 */
export class SocketWatch {
  readonly #ss: string;
  readonly #clock: Pick<Clock, "monotonic">;
  #table: Promise<SocketTable | undefined> | undefined;
  #tableAt = Number.NEGATIVE_INFINITY;

  constructor(ss: string, clock: Pick<Clock, "monotonic">) {
    this.#ss = ss;
    this.#clock = clock;
  }

  /** Undefined when ss does not answer. */
  read(): Promise<SocketTable | undefined> {
    const at = this.#clock.monotonic();
    if (!this.#table || at - this.#tableAt > TABLE_MS) {
      this.#tableAt = at;
      this.#table = execute(this.#ss, ["-tuanieHO"], { timeout: TIMEOUT_MS, maxBuffer: TABLE_BYTES, env: {} }).then(
        ({ stdout }) => parseSockets(stdout, at),
        () => undefined,
      );
    }
    return this.#table;
  }
}

export function parseSockets(text: string, at: number): SocketTable {
  const tcp = new Map<string, number>();
  const uncounted = new Set<string>();
  for (const line of text.split("\n")) {
    const inode = / ino:(\d+)/.exec(line)?.[1];
    if (inode === undefined || inode === "0") continue;
    if (line.startsWith("udp")) uncounted.add(inode);
    else tcp.set(inode, bytes(line, "bytes_acked") + bytes(line, "bytes_received"));
  }
  return { at, tcp, uncounted };
}

function bytes(line: string, name: "bytes_acked" | "bytes_received"): number {
  const start = line.indexOf(` ${name}:`);
  return start < 0 ? 0 : Number.parseInt(line.slice(start + name.length + 2), 10);
}

/** The network bytes of one run, over its connections as they come and go. */
export class NetworkMeter {
  readonly #watch: SocketWatch;
  #last = new Map<string, number>();

  constructor(watch: SocketWatch) {
    this.#watch = watch;
  }

  /**
   * Bytes since the reading before. Undefined, which is unknown, when the run holds a UDP socket, or sockets that may
   * not be looked at, or lives in another network namespace. A connection that was opened and closed between two
   * readings is not seen.
   */
  async advance(tree: readonly ProcessStat[]): Promise<number | undefined> {
    const own = readNetworkNamespace("self");
    const inodes = new Set<string>();
    for (const process of tree) {
      const found = readSocketInodes(process.pid);
      if (!found || readNetworkNamespace(process.pid) !== own) {
        if (isSameProcess(process)) return undefined;
        continue;
      }
      for (const inode of found) inodes.add(inode);
    }
    if (inodes.size === 0) {
      this.#last.clear();
      return 0;
    }
    const table = await this.#watch.read();
    if (!table) return undefined;
    const now = new Map<string, number>();
    let gained = 0;
    let known = true;
    for (const inode of inodes) {
      if (table.uncounted.has(inode)) known = false;
      const count = table.tcp.get(inode);
      if (count === undefined) continue;
      now.set(inode, count);
      gained += Math.max(0, count - (this.#last.get(inode) ?? 0));
    }
    this.#last = now;
    return known ? gained : undefined;
  }
}
