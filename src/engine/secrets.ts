import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Manifest } from "../model/index.ts";

/**
 * The values that must appear in no log, notice or error, as far as they can be known here: what `env:NAME` and
 * `file:PATH` references resolve to, and the addresses of webhooks. What a cloud's own store holds is never read.
 */
export async function secretValues(
  manifest: Manifest,
  env: Readonly<Record<string, string | undefined>>,
  baseDir: string,
): Promise<readonly string[]> {
  const references = new Set(
    manifest.jobs.flatMap(({ workload }) => ("secrets" in workload ? Object.values(workload.secrets) : [])),
  );
  const values = await Promise.all([...references].map((reference) => resolveValue(reference, env, baseDir)));
  const webhooks = manifest.notify.map((channel) => channel.webhook);
  return [...values, ...webhooks].filter((value) => value !== undefined);
}

async function resolveValue(
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
  baseDir: string,
): Promise<string | undefined> {
  if (reference.startsWith("env:")) return env[reference.slice("env:".length)];
  if (!reference.startsWith("file:")) return undefined;
  // One that cannot be read is no run's secret either: its start fails with the reason.
  return readFile(resolve(baseDir, reference.slice("file:".length)), "utf8").catch(() => undefined);
}
