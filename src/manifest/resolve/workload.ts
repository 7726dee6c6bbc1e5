import type { Workload } from "../../model/index.ts";
import type { JobLayer } from "../define/job.ts";
import { WORKLOADS } from "../define/workload.ts";
import type { Path } from "../locate.ts";
import type { Problem } from "../report.ts";
import { shorten } from "../units.ts";
import { secretProblem, valueProblem } from "./secret.ts";

type Say = (path: Path, problem: Problem) => void;
type Broken = (path: Path) => boolean;

const GIB = 2 ** 30;
const SUCCESS: readonly number[] = Array.from({ length: 100 }, (_, i) => 200 + i);

/**
 * What the job runs; undefined when it names none, several, or not enough. `hasTarget`: the options for the placement it
 * comes to name something that exists there already; that is what runs, and another workload is for other placements.
 */
export function resolveWorkload(job: JobLayer, hasTarget: boolean, say: Say, broken: Broken): Workload | undefined {
  const kinds = WORKLOADS.filter((kind) => job[kind] !== undefined);
  const [kind, other] = kinds;
  if (kind === undefined) {
    if (WORKLOADS.some((key) => broken([key]))) return undefined;
    if (hasTarget) return { kind: "target" };
    const hint = "add one of process, container, http, vm";
    say([], { code: "R1028", message: "the job does not say what it runs", hint, at: "key" });
    return undefined;
  }
  if (other !== undefined) {
    const hint = "keep one of them; two things to run are two jobs";
    say([other], { code: "R1028", message: `the job has both "${kind}" and "${other}"`, hint, at: "key" });
    return undefined;
  }
  if (hasTarget) return { kind: "target" };
  warnOfSecrets(job, kind, say);
  const need = (key: string, value: unknown): boolean => {
    if (value !== undefined) return true;
    if (!broken([kind, key])) say([kind], { code: "R1021", message: `the key "${key}" is missing`, at: "key" });
    return false;
  };
  switch (kind) {
    case "process":
      return need("command", job.process?.command) ? resolveProcess(job, say, broken) : undefined;
    case "container":
      return need("image", job.container?.image) ? resolveContainer(job, say) : undefined;
    case "http":
      return need("url", job.http?.url) ? resolveHttp(job) : undefined;
    case "vm":
      return resolveVm(job, say, broken);
    default:
      return undefined;
  }
}

function resolveContainer(job: JobLayer, say: Say): Workload | undefined {
  const { image, command = [], gpu, ...compute } = job.container ?? {};
  if (image === undefined) return undefined;
  warnOfImage(image, say);
  return { kind: "container", image, command, ...computeOf(compute), ...(gpu === undefined ? {} : { gpu }) };
}

function resolveVm(job: JobLayer, say: Say, broken: Broken): Workload | undefined {
  const { instances = [], tags = {}, action = "start" } = job.vm ?? {};
  if (instances.length > 0 || Object.keys(tags).length > 0) return { kind: "vm", instances, tags, action };
  if (broken(["vm", "instances"]) || broken(["vm", "tags"])) return undefined;
  const hint = "without either it would mean every machine";
  say(["vm"], { code: "R1021", message: 'a vm needs "instances" or "tags"', hint, at: "key" });
  return undefined;
}

function computeOf(layer: NonNullable<JobLayer["process"] | JobLayer["container"]>): {
  cpu: number;
  memoryBytes: number;
  env: Readonly<Record<string, string>>;
  secrets: Readonly<Record<string, string>>;
} {
  return { cpu: layer.cpu ?? 1, memoryBytes: layer.memory ?? GIB, env: layer.env ?? {}, secrets: layer.secrets ?? {} };
}

/** What a shell would act on: the words alone would not mean the same. */
const SHELL_SIGNS = /[|&;<>()$`\\"'*?[\]#~{},]/;

function resolveProcess(job: JobLayer, say: Say, broken: Broken): Workload | undefined {
  const { command, shell = false, cwd, ...compute } = job.process ?? {};
  if (command === undefined) return undefined;
  if (broken(["process", "shell"])) return undefined;
  if (typeof command === "string" && !shell) {
    const words = shorten(command.trim().split(/\s+/).join(", "));
    const hint = SHELL_SIGNS.test(command)
      ? "add shell: true, or write its words as a list"
      : `write [${words}], or add shell: true`;
    say(["process", "command"], { code: "R1082", message: "no shell reads this text", hint });
    return undefined;
  }
  if (typeof command !== "string" && shell && command.length !== 1) {
    const hint = "write one text, or drop shell: true";
    say(["process", "command"], { code: "R1082", message: "a shell takes one text, not a list", hint });
    return undefined;
  }
  const problem = cwd === undefined ? undefined : cwdProblem(cwd);
  if (problem) say(["process", "cwd"], problem);
  return {
    kind: "process",
    command: typeof command === "string" ? [command] : command,
    shell,
    ...(cwd === undefined ? {} : { cwd }),
    ...computeOf(compute),
  };
}

function cwdProblem(cwd: string): Problem | undefined {
  if (cwd.startsWith("/") || cwd.startsWith("~") || /^[A-Za-z]:[\\/]/.test(cwd)) {
    const message = "the working directory is relative to the manifest's folder";
    return { code: "R1085", message, hint: "an absolute path holds on one machine only", severity: "warning" };
  }
  return undefined;
}

function resolveHttp(job: JobLayer): Workload | undefined {
  const {
    url,
    method = "POST",
    headers = {},
    body,
    secrets = {},
    timeout = 30,
    expectStatus = SUCCESS,
  } = job.http ?? {};
  if (url === undefined) return undefined;
  return {
    kind: "http",
    url,
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    secrets,
    timeoutSeconds: timeout,
    expectStatus,
  };
}

function warnOfImage(image: string, say: Say): void {
  if (/\s/.test(image)) {
    say(["container", "image"], { code: "R1084", message: "an image's name has no spaces" });
  } else if (!image.includes("@sha256:") && (/:latest$/.test(image) || !/:[^/]+$/.test(image))) {
    const message = "this image changes under the job: two runs may differ";
    say(["container", "image"], {
      code: "R1084",
      message,
      hint: "name a tag, or better a digest (@sha256:…)",
      severity: "warning",
    });
  }
}

function warnOfSecrets(job: JobLayer, kind: (typeof WORKLOADS)[number], say: Say): void {
  const layer = job[kind] as {
    secrets?: Record<string, string>;
    env?: Record<string, string>;
    headers?: Record<string, string>;
  };
  for (const [key, reference] of Object.entries(layer.secrets ?? {})) {
    const problem = secretProblem(reference);
    if (problem) say([kind, "secrets", key], problem);
  }
  for (const part of ["env", "headers"] as const) {
    for (const [key, value] of Object.entries(layer[part] ?? {})) {
      const problem = valueProblem(key, value);
      if (problem) say([kind, part, key], problem);
    }
  }
}
