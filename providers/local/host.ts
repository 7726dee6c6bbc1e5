import { createHash } from "node:crypto";
import { join } from "node:path";
import type { OpenContext } from "../../src/provider/index.ts";
import { findCgroupParent } from "./cgroup.ts";
import { findExecutable } from "./command.ts";
import { RunFolder } from "./folder.ts";
import type { LocalOptions } from "./options.ts";
import type { OutputLimits } from "./output.ts";
import { hasProc, type Identity, readBootId } from "./proc.ts";
import { installShim } from "./shim.ts";
import { ProcessTable, type TreeKey } from "./tree.ts";

/** What this machine has, found out once when the provider is opened. */
export interface Host {
  readonly context: OpenContext;
  readonly options: LocalOptions;
  readonly runsDir: string;
  /** Where the keeper's script is; written when it is not there, by a start and not by opening. */
  readonly shim: () => Promise<string>;
  readonly bootId: string;
  readonly hasProc: boolean;
  /** Parent of the runs' cgroups, where some can be made; tried when it is first asked for. */
  readonly cgroupParent: () => string | undefined;
  readonly setsid?: string;
  readonly fallocate?: string;
  /** Tells TCP byte counts by socket. */
  readonly ss?: string;
  readonly containerTool?: string;
  readonly processes: ProcessTable;
}

export async function surveyHost(context: OpenContext, options: LocalOptions): Promise<Host> {
  const tool = (command: string): Promise<string | undefined> => findExecutable(command, context.env.PATH);
  const linux = hasProc();
  const name = `rota-${createHash("sha256").update(context.stateDir).digest("hex").slice(0, 12)}`;
  const [setsid, fallocate, ss, podman, docker] = await Promise.all(
    ["setsid", "fallocate", "ss", "podman", "docker"].map(tool),
  );
  const containerTool = podman ?? docker;
  return {
    context,
    options,
    shim: () => installShim(context.stateDir),
    cgroupParent: once(() => (linux ? findCgroupParent(name, options.cgroup) : undefined)),
    runsDir: join(context.stateDir, "runs"),
    bootId: readBootId(),
    hasProc: linux,
    processes: new ProcessTable(context.clock),
    ...(linux && setsid !== undefined ? { setsid } : {}),
    ...(linux && fallocate !== undefined ? { fallocate } : {}),
    ...(linux && ss !== undefined ? { ss } : {}),
    ...(containerTool === undefined ? {} : { containerTool }),
  };
}

/** Found out the first time it is asked. */
function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/** A run of this namespace and environment, found by its folder. */
export interface LocalRun {
  readonly run: string;
  readonly folder: RunFolder;
}

export function folderOf(host: Host, run: string): LocalRun {
  return { run, folder: new RunFolder(host.runsDir, run) };
}

export function treeKey(target: LocalRun, cgroup: string | undefined, leader: Identity | undefined): TreeKey {
  return {
    mark: target.folder.mark,
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(leader === undefined ? {} : { leader }),
  };
}

export function outputLimits(host: Host): OutputLimits {
  const { outputHeadBytes: headBytes, outputTailBytes: tailBytes } = host.options;
  return { headBytes, tailBytes, ...(host.fallocate === undefined ? {} : { fallocate: host.fallocate }) };
}
