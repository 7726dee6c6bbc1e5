import { resolve } from "node:path";
import type { Files } from "../manifest/index.ts";
import type { Manifest } from "../model/index.ts";
import { diskFiles } from "./project/index.ts";

/** A secret's file may have 64 KiB of characters; no longer one gets to a run. */
const MOST_BYTES = 256 * 1024;

/**
 * The values that must appear in no log, notice, record or error, as far as they can be known here: what `env:NAME`
 * and `file:PATH` references resolve to now, and the addresses of webhooks. What a cloud's own store holds is never
 * read.
 */
export async function secretValues(
  manifest: Manifest,
  env: Readonly<Record<string, string | undefined>>,
  baseDir: string,
  files: Pick<Files, "read"> = diskFiles,
): Promise<readonly string[]> {
  const references = new Set(
    manifest.jobs.flatMap(({ workload }) => ("secrets" in workload ? Object.values(workload.secrets) : [])),
  );
  const values = await Promise.all([...references].map((reference) => resolveValue(reference, env, baseDir, files)));
  const webhooks = manifest.notify.map((channel) => channel.webhook);
  return [...values, ...webhooks].filter((value) => value !== undefined);
}

async function resolveValue(
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
  baseDir: string,
  files: Pick<Files, "read">,
): Promise<string | undefined> {
  if (reference.startsWith("env:")) return env[reference.slice("env:".length)];
  if (!reference.startsWith("file:")) return undefined;
  const read = await files.read(resolve(baseDir, reference.slice("file:".length)), MOST_BYTES);
  // One that cannot be read is no run's secret either: its start fails with the reason.
  return read.ok ? new TextDecoder().decode(read.bytes) : undefined;
}
