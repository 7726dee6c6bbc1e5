import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ContainerWorkload } from "../../src/model/index.ts";
import type { Host, LocalRun } from "./host.ts";

const execute = promisify(execFile);
const TIMEOUT_MS = 10_000;

/** The name that the container has, on this machine and for ever: a second one of the same run cannot be made. */
export function containerName(target: LocalRun): string {
  return `rota-${target.folder.mark}`;
}

/**
 * `docker run` or `podman run` in the foreground, which passes signals on and ends with the container's exit code.
 * Values of the environment are taken from the tool's own by name, so that none is in an argument.
 */
export function containerCommand(
  tool: string,
  target: LocalRun,
  workload: ContainerWorkload,
  job: { readonly name: string },
  variables: readonly string[],
): readonly string[] {
  return [
    tool,
    "run",
    "--rm",
    "--name",
    containerName(target),
    "--label",
    `rota.job=${job.name}`,
    ...(workload.cpu > 0 ? ["--cpus", String(workload.cpu)] : []),
    ...(workload.memoryBytes > 0 ? ["--memory", String(workload.memoryBytes)] : []),
    ...(workload.gpu ? ["--gpus", String(workload.gpu)] : []),
    // At the same places as outside, so that the variables hold on both sides.
    "--volume",
    `${target.folder.work}:${target.folder.work}`,
    "--volume",
    `${target.folder.progress}:${target.folder.progress}`,
    ...[...variables, "ROTA_PROGRESS", "ROTA_WORKDIR", "ROTA_TREE"].flatMap((name) => ["--env", name]),
    workload.image,
    ...workload.command,
  ];
}

/** SIGKILL to the container itself: it is no child of the tool's and outlives it. One that is not there is no error. */
export async function killContainer(
  host: Host,
  container: { readonly tool: string; readonly name: string },
): Promise<void> {
  const { PATH, HOME, XDG_RUNTIME_DIR, DOCKER_HOST } = host.context.env;
  const env = Object.fromEntries(
    Object.entries({ PATH, HOME, XDG_RUNTIME_DIR, DOCKER_HOST }).filter(([, value]) => value !== undefined),
  );
  await execute(container.tool, ["kill", container.name], { timeout: TIMEOUT_MS, env }).catch((error: unknown) => {
    host.context.log("debug", "a container could not be killed", { name: container.name, error: String(error) });
  });
}
