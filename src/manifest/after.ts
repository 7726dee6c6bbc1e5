import type { Problem } from "./report.ts";
import { unknownName } from "./resolve/names.ts";

/** A job that runs in the environment, also one in which something else is wrong. */
export interface Waiting {
  readonly name: string;
  readonly after: readonly string[];
}

export type AfterProblem = { readonly job: string; readonly index: number; readonly problem: Problem };

/** What is wrong with `after`: names of no job, of jobs that are not in this environment, of itself, and cycles. */
export function checkAfter(
  jobs: readonly Waiting[],
  environment: string,
  declared: ReadonlyMap<string, unknown>,
): AfterProblem[] {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const problems: AfterProblem[] = [];
  for (const job of jobs) {
    for (const [index, other] of job.after.entries()) {
      const problem = nameProblem(job, other, environment, byName, declared);
      if (problem) problems.push({ job: job.name, index, problem });
    }
  }
  return [...problems, ...cycles(byName)];
}

function nameProblem(
  job: Waiting,
  other: string,
  environment: string,
  byName: ReadonlyMap<string, Waiting>,
  declared: ReadonlyMap<string, unknown>,
): Problem | undefined {
  if (other === job.name) return { code: "R1053", message: "a job cannot come after itself", hint: "remove it" };
  if (byName.has(other)) return undefined;
  if (!declared.has(other)) {
    return unknownName("R1052", "job", other, declared);
  }
  const message = `"${other}" does not run in the environment "${environment}"`;
  return { code: "R1052", message, hint: "widen its `only`, or remove it here" };
}

/** One problem for each cycle, at the edge that closes it. Depth-first without recursion: chains may be long. */
function cycles(byName: ReadonlyMap<string, Waiting>): AfterProblem[] {
  const problems: AfterProblem[] = [];
  const done = new Set<string>();
  for (const start of byName.keys()) {
    if (done.has(start)) continue;
    const path: { name: string; next: number }[] = [{ name: start, next: 0 }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const after = byName.get(top.name)?.after ?? [];
      const index = top.next++;
      const other = after[index];
      if (other === undefined) {
        done.add(top.name);
        onPath.delete(top.name);
        path.pop();
      } else if (onPath.has(other) && other !== top.name) {
        const names = path.slice(path.findIndex(({ name }) => name === other)).map(({ name }) => name);
        const shown = names.length > 8 ? [...names.slice(0, 7), "…"] : names;
        const message = `these jobs wait for each other: ${[...shown, other].join(" → ")}`;
        problems.push({
          job: top.name,
          index,
          problem: { code: "R1053", message, hint: "remove one of them from `after`" },
        });
      } else if (!done.has(other) && byName.has(other) && !onPath.has(other)) {
        path.push({ name: other, next: 0 });
        onPath.add(other);
      }
    }
  }
  return problems;
}
