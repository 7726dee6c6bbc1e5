import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ProviderError, type StartRequest } from "../../src/provider/index.ts";
import { createCgroup } from "./cgroup.ts";
import { whyNotStartable } from "./command.ts";
import type { RunSpec } from "./folder.ts";
import type { Host, LocalRun } from "./host.ts";
import { readUptime } from "./proc.ts";

const APPEAR_MS = 5000;
const LOOK_MS = 4;

export function specOf(host: Host, target: LocalRun, request: StartRequest): RunSpec {
  const { job } = request;
  const uptimeSeconds = readUptime();
  const parent = job.workload.kind === "process" ? host.cgroupParent() : undefined;
  const compute = job.workload.kind === "process" || job.workload.kind === "container" ? job.workload : undefined;
  return {
    run: request.run,
    mark: { namespace: host.context.namespace, environment: host.context.environment, job: job.name },
    attempt: request.attempt,
    fireAt: request.fireAt,
    workload: job.workload.kind,
    cpu: compute?.cpu ?? 0,
    createdAt: host.context.clock.now(),
    bootId: host.bootId,
    ...(uptimeSeconds === undefined ? {} : { uptimeSeconds }),
    ...(parent === undefined ? {} : { cgroup: join(parent, target.folder.mark) }),
  };
}

/** Starts the keeper with the command, or records that it cannot be started; returns when one of them is so. */
export async function launch(
  host: Host,
  target: LocalRun,
  request: StartRequest,
  command: readonly string[],
  env: Record<string, string>,
  spec: RunSpec,
): Promise<void> {
  const { folder } = target;
  const { workload } = request.job;
  const cwd = resolve(host.context.baseDir, (workload.kind === "process" ? workload.cwd : undefined) ?? ".");
  const refusal = await whyNotStartable(command[0] ?? "", cwd, env.PATH ?? "");
  if (refusal) return refuse(host, target, refusal);
  const cgroup = spec.cgroup !== undefined && createCgroup(spec.cgroup) ? spec.cgroup : "";
  const { limit, grace } = watchSeconds(request);
  const argv = [
    await host.shim(),
    folder.path,
    target.run,
    folder.mark,
    limit,
    grace,
    cgroup,
    host.setsid ?? "",
    ...command,
  ];
  const child = await spawnKeeper(argv, cwd, { ...env, ROTA_KEEPER: folder.mark }, folder.out, folder.err);
  if (child === "tooLong") {
    return refuse(host, target, {
      reason: "the command or its environment is longer than the kernel takes",
      exitCode: 126,
    });
  }
  await untilVisible(host, target, child);
}

/** A command that cannot be started is a failed run, not a failure of the provider: it will not go better next time. */
async function refuse(
  host: Host,
  target: LocalRun,
  { reason, exitCode }: { readonly reason: string; readonly exitCode: number },
): Promise<void> {
  if (!(await target.folder.claim("refused\n"))) return;
  await target.folder.writeVerdict({ outcome: "failed", at: host.context.clock.now(), exitCode, reason });
}

async function spawnKeeper(
  argv: readonly string[],
  cwd: string,
  env: Record<string, string>,
  outPath: string,
  errPath: string,
): Promise<ChildProcess | "tooLong"> {
  // Files, not pipes: a daemon that dies must not end its runs with SIGPIPE.
  await using out = await open(outPath, "a", 0o600);
  await using err = await open(errPath, "a", 0o600);
  try {
    const child = spawn("/bin/sh", argv, { cwd, env, detached: true, stdio: ["ignore", out.fd, err.fd] });
    child.on("error", () => {});
    if (child.pid === undefined) await once(child, "spawn");
    child.unref();
    return child;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "E2BIG") return "tooLong";
    // Too many processes or descriptors, no memory: that passes.
    throw new ProviderError("unavailable", `the keeper could not be started: ${message}`, { cause: error });
  }
}

/** Until the command is about to run, or is over, or the keeper found the run claimed. */
async function untilVisible(host: Host, target: LocalRun, child: ChildProcess): Promise<void> {
  const { clock } = host.context;
  const deadline = clock.monotonic() + APPEAR_MS;
  while (clock.monotonic() < deadline) {
    if ((await target.folder.child()) || (await target.folder.exit())) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    await clock.sleep(LOOK_MS);
  }
}

/** The keeper's own watch, for when no daemon is there: past the point at which a daemon would long have acted. */
function watchSeconds(request: StartRequest): { readonly limit: string; readonly grace: string } {
  const { guard } = request.job;
  const stops = guard.mode === "enforce" && guard.onBreach === "stop" && !guard.protect;
  if (!stops || guard.durationSeconds === undefined) return { limit: "", grace: "" };
  return { limit: String(guard.durationSeconds + guard.graceSeconds), grace: String(guard.graceSeconds) };
}
