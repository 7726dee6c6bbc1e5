import { isJobName, type JobDeclaration, job as jobSchema, LONGEST_JOB_NAME } from "./define/job.ts";
import { included } from "./define/root.ts";
import { check, suggestName } from "./issues.ts";
import { isMap, type Layer } from "./layers.ts";
import type { ManifestFile, Report } from "./report.ts";
import type { Frame } from "./resolve/frame.ts";
import { unknownName } from "./resolve/names.ts";
import type { Value } from "./scalar.ts";
import { describe, shorten } from "./units.ts";

/** A job as it stands in its file. */
export interface Declared {
  readonly layer: Layer;
  readonly overlays: ReadonlyMap<string, Layer>;
  readonly only: readonly string[] | undefined;
}

const NO_OVERLAYS: ReadonlyMap<string, Layer> = new Map();

/** The jobs of all files (the manifest first), each checked by itself; a name declared twice is reported with both places. */
export function collectJobs(
  files: readonly ManifestFile[],
  frame: Frame,
  report: Report,
): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const [i, file] of files.entries()) {
    const jobs = i === 0 ? jobsOf(file) : includedJobs(file, report);
    for (const [name, raw] of Object.entries(jobs)) {
      if (report.isFull) return declared;
      const before = declared.get(name);
      if (before) {
        const { line } = before.layer.file.lines.place(before.layer.file.locator.key(before.layer.path).start);
        const hint = `the other one is at ${before.layer.file.file}:${line}`;
        report.add(file, ["jobs", name], {
          code: "R1067",
          message: `the job "${name}" is declared twice`,
          hint,
          at: "key",
        });
        continue;
      }
      const job = readJob(name, raw, file, frame, report);
      if (job) declared.set(name, job);
    }
  }
  const main = files[0];
  if (declared.size === 0 && main && report.list().length === 0) {
    const message = "there are no jobs";
    report.add(main, ["jobs"], {
      code: "R1068",
      message,
      hint: "add one under `jobs`",
      at: "key",
      severity: "warning",
    });
  }
  return declared;
}

function jobsOf(file: ManifestFile): Readonly<Record<string, Value>> {
  const jobs = isMap(file.value) ? file.value["jobs"] : undefined;
  return isMap(jobs) ? (jobs as Readonly<Record<string, Value>>) : {};
}

function includedJobs(file: ManifestFile, report: Report): Readonly<Record<string, Value>> {
  if (!isMap(file.value)) {
    report.add(file, [], { code: "R1017", message: "an included file is a map with `jobs`" });
    return {};
  }
  const others = Object.keys(file.value).filter((key) => key !== "jobs");
  for (const key of others) {
    const message = `an included file holds jobs only, not "${shorten(key)}"`;
    report.add(file, [key], {
      code: "R1017",
      message,
      hint: "move it to the manifest, or the job under `jobs:`",
      at: "key",
    });
  }
  const onlyJobs = Object.fromEntries(Object.entries(file.value).filter(([key]) => key === "jobs"));
  check(included, onlyJobs as Value, file, [], report);
  return jobsOf(file);
}

function readJob(name: string, raw: Value, file: ManifestFile, frame: Frame, report: Report): Declared | undefined {
  const path = ["jobs", name];
  if (!isJobName(name)) {
    const suggestion = suggestName(name);
    const hint = `small letters, digits and dashes, at most ${LONGEST_JOB_NAME}${suggestion ? `: "${suggestion}"` : ""}`;
    report.add(file, path, { code: "R1027", message: `"${shorten(name)}" cannot be a job's name`, hint, at: "key" });
  }
  if (!isMap(raw)) {
    const code = raw === null ? "R1023" : "R1022";
    const hint = "a job is a map: say what it runs and when";
    report.add(file, path, { code, message: `the job "${shorten(name)}" is ${describe(raw)}`, hint });
    return undefined;
  }
  const { value, broken } = check<JobDeclaration>(jobSchema, raw as Value, file, path, report);
  const { environments, only, ...layer } = value ?? {};
  checkNames(only, environments, frame, file, path, report);
  return {
    layer: { kind: "job", file, path, raw: raw as Value, value: layer, broken },
    overlays: environments ? overlaysOf(environments, raw as Value, broken, file, path) : NO_OVERLAYS,
    only,
  };
}

function checkNames(
  only: readonly string[] | undefined,
  overlays: JobDeclaration["environments"],
  frame: Frame,
  file: ManifestFile,
  path: readonly string[],
  report: Report,
): void {
  for (const [i, name] of (only ?? []).entries()) {
    if (frame.environments.has(name) || frame.isRefused("environments", name)) continue;
    report.add(file, [...path, "only", i], unknownName("R1062", "environment", name, frame.environments));
  }
  for (const name of Object.keys(overlays ?? {})) {
    const at = [...path, "environments", name];
    if (!frame.environments.has(name) && !frame.isRefused("environments", name)) {
      report.add(file, at, unknownName("R1062", "environment", name, frame.environments, "key"));
    } else if (only !== undefined && !only.includes(name)) {
      const message = `the job does not run in "${name}" (see \`only\`)`;
      report.add(file, at, {
        code: "R1062",
        message,
        hint: "remove the overlay, or widen `only`",
        at: "key",
        severity: "warning",
      });
    }
  }
}

function overlaysOf(
  environments: NonNullable<JobDeclaration["environments"]>,
  raw: Value,
  broken: ReadonlySet<string>,
  file: ManifestFile,
  path: readonly string[],
): ReadonlyMap<string, Layer> {
  const overlays = new Map<string, Layer>();
  const all = (raw as Readonly<Record<string, Value>>)["environments"] as Readonly<Record<string, Value>>;
  for (const [name, value] of Object.entries(environments)) {
    const prefix = `environments.${name}.`;
    const own = new Set([...broken].filter((at) => at.startsWith(prefix)).map((at) => at.slice(prefix.length)));
    const at = [...path, "environments", name];
    overlays.set(name, { kind: "overlay", file, path: at, raw: all[name], value, broken: own });
  }
  return overlays;
}
