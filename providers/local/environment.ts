import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { OpenContext, StartRequest } from "../../src/provider/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import type { RunFolder } from "./folder.ts";

/** What a run sees of the daemon's own environment. */
const BASE = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "TMPDIR"] as const;
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET_BYTES = 64 * 1024;

/** Names that no POSIX shell hands on to what it runs: such a job is refused rather than run without them. */
export function unusableVariables(names: readonly string[]): readonly string[] {
  return names.filter((name) => !VARIABLE.test(name));
}

/** The whole environment of the run, secrets resolved: never written anywhere. */
export async function buildEnvironment(
  context: OpenContext,
  request: StartRequest,
  folder: RunFolder,
): Promise<Record<string, string>> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const name of BASE) {
    const value = context.env[name];
    if (value !== undefined) env[name] = value;
  }
  const { workload } = request.job;
  if (workload.kind === "process" || workload.kind === "container") Object.assign(env, workload.env);
  Object.assign(env, request.env);
  if (workload.kind === "process" || workload.kind === "container") {
    Object.assign(env, await resolveSecrets(context, workload.secrets));
  }
  env.ROTA_PROGRESS = folder.progress;
  env.ROTA_WORKDIR = folder.work;
  return env;
}

/** `env:NAME` is a variable of the daemon, `file:PATH` a file relative to the manifest, without its last newline. */
export async function resolveSecrets(
  context: Pick<OpenContext, "env" | "baseDir">,
  references: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, reference] of Object.entries(references)) values[name] = await resolveSecret(context, reference);
  return values;
}

async function resolveSecret(context: Pick<OpenContext, "env" | "baseDir">, reference: string): Promise<string> {
  if (reference.startsWith("env:")) {
    const value = context.env[reference.slice(4)];
    if (value !== undefined) return value;
    throw new ProviderError("invalid", `the secret ${reference} is not set in the daemon's environment`, {
      fix: `set ${reference.slice(4)} where the daemon is started`,
    });
  }
  if (!reference.startsWith("file:")) {
    throw new ProviderError("invalid", `the secret ${reference} is no reference that this machine can resolve`, {
      fix: "write env:NAME or file:PATH",
    });
  }
  const value = await readFile(resolve(context.baseDir, reference.slice(5)), "utf8").catch((error: Error) => {
    throw new ProviderError("invalid", `the secret ${reference} cannot be read: ${error.message}`, { cause: error });
  });
  if (value.length > SECRET_BYTES || value.includes("\0")) {
    throw new ProviderError("invalid", `the secret ${reference} is no text of at most 64 KiB`);
  }
  return value.replace(/\r?\n$/, "");
}
