import { dirname, join } from "node:path";
import type { Diagnostic } from "../../diagnostic/index.ts";
import { type Files, type LoadedManifest, loadManifest } from "../../manifest/index.ts";
import type { DesiredState } from "../../model/index.ts";
import type { PlacementSchemas } from "../../provider/index.ts";
import { assignSlots, type Lock, lineInLock, parseLock, slotText } from "../../stagger/index.ts";

export const LOCK_FILE = "jobs.lock.yaml";

export interface ProjectInput {
  /** Absolute path of the manifest. */
  readonly file: string;
  readonly environment?: string;
  readonly maxBytes?: number;
  readonly files: Files;
  readonly placementSchemas?: PlacementSchemas;
}

/** A manifest read for one environment, with the slots of its flexible jobs: what every command works on. */
export interface Project {
  readonly file: string;
  readonly baseDir: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Absent when a diagnostic is an error. */
  readonly desired?: DesiredState;
  readonly lock?: Lock;
  /** Flexible jobs whose line in the lock is missing, superfluous or no longer allowed. */
  readonly stale: readonly string[];
  readonly environments: readonly string[];
  readonly origins: LoadedManifest["origins"];
  readonly line: LoadedManifest["line"];
}

/** Reads manifest, includes and lock. Opens no socket and runs nothing (invariant X3). */
export async function loadProject(input: ProjectInput): Promise<Project> {
  const loaded = await loadManifest({
    file: input.file,
    files: input.files,
    ...(input.environment === undefined ? {} : { environment: input.environment }),
    ...(input.maxBytes === undefined ? {} : { maxBytes: input.maxBytes }),
    ...(input.placementSchemas === undefined ? {} : { placementSchemas: input.placementSchemas }),
  });
  const baseDir = dirname(input.file);
  const lockFile = join(baseDir, LOCK_FILE);
  const diagnostics: Diagnostic[] = [...loaded.diagnostics];
  const read = await readLock(lockFile, input.files);
  diagnostics.push(...read.diagnostics);
  const { environments, origins, line } = loaded;
  const base = {
    file: input.file,
    baseDir,
    environments,
    origins,
    line,
    ...(read.lock ? { lock: read.lock } : {}),
  };
  const { manifest } = loaded;
  if (!manifest) return { ...base, diagnostics, stale: [] };
  const { slots, stale, notAllowed, unplaceable } = assignSlots(manifest.jobs, read.lock);
  for (const u of unplaceable) {
    const every = loaded.origins(u.job)?.find(({ path }) => path.join(".") === "schedule.every");
    const place = every?.place ?? { file: input.file, line: 1, column: 1, length: 1 };
    const message = `"${u.job}" has no start that is allowed: ${u.reason}`;
    diagnostics.push({ code: "R1201", severity: "error", ...place, message, hint: u.hint });
  }
  for (const [job, slot] of notAllowed) {
    const line = lineInLock(read.text ?? "", manifest.environment.name, job);
    const message = `"${job}" may not start at "${slotText(slot)}": its schedule does not allow it, and a hash of its name is used`;
    const hint = "run rota stagger --write, or write a time that its windows and its deadline allow";
    const at = { file: lockFile, line, column: 1, length: 1 };
    diagnostics.push({ code: "R1205", severity: "warning", ...at, message, hint });
  }
  if (diagnostics.some((d) => d.severity === "error")) return { ...base, diagnostics, stale };
  const jobs = manifest.jobs.map((job) => {
    const slot = slots.get(job.name);
    return slot ? { job, slot } : { job };
  });
  return { ...base, diagnostics, stale, desired: { manifest, jobs } };
}

async function readLock(
  file: string,
  files: Files,
): Promise<{ lock?: Lock; text?: string; diagnostics: readonly Diagnostic[] }> {
  const read = await files.read(file, 64 * 1024 * 1024);
  if (!read.ok) return { diagnostics: read.reason === "missing" ? [] : [unreadable(file, read.detail)] };
  const text = new TextDecoder().decode(read.bytes);
  const { lock, problems } = parseLock(text);
  return {
    lock,
    text,
    diagnostics: problems.map((p) => ({
      code: "R1202",
      severity: "error",
      file,
      line: p.line,
      column: p.column,
      length: p.length,
      message: p.message,
      hint: p.hint,
    })),
  };
}

function unreadable(file: string, detail: string): Diagnostic {
  return {
    code: "R1203",
    severity: "error",
    file,
    line: 1,
    column: 1,
    length: 1,
    message: `the lock cannot be read: ${detail}`,
  };
}
