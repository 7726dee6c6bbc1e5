import type { Diagnostic } from "../diagnostic/index.ts";
import type { Project } from "../engine/project/index.ts";
import type { Instant } from "../model/index.ts";

/**
 * The pools that cannot hold their jobs even when those are levelled, as warnings at the first job to blame. Levels the
 * whole week, which is more than a check of the manifest costs otherwise, unless the lock's slots keep the capacities.
 */
export async function overloadWarnings(project: Project, now: Instant): Promise<readonly Diagnostic[]> {
  const { desired, lock } = project;
  if (!desired?.manifest.pools.some(({ capacity }) => capacity !== undefined)) return [];
  const { findOverload, level } = await import("../stagger/index.ts");
  const { jobs, pools } = desired.manifest;
  const options = { at: now, profiles: false };
  if (lock && findOverload(level(jobs, pools, lock, { ...options, moves: 0 })).length === 0) return [];
  return findOverload(level(jobs, pools, lock, options)).map(({ message, hints, jobs: blamed }): Diagnostic => {
    const values = project.origins(blamed[0] ?? "");
    const pool = values?.find(({ path }) => path[0] === "pool");
    const place = pool?.place ?? { file: project.file, line: 1, column: 1, length: 1 };
    return { code: "R1204", severity: "warning", ...place, message, hint: hints.join("; ") };
  });
}
