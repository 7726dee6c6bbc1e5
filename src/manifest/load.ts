import type { z } from "zod";
import type { Diagnostic } from "../diagnostic/index.ts";
import type { Environment, Job, Manifest } from "../model/index.ts";
import { checkAfter, type Waiting } from "./after.ts";
import { jobLayer } from "./define/job.ts";
import { root } from "./define/root.ts";
import type { Files } from "./files.ts";
import { readIncludes } from "./include.ts";
import { check } from "./issues.ts";
import { collectJobs, type Declared } from "./jobs.ts";
import { isMap, type Layer, merge, placeOf } from "./layers.ts";
import { type MergedValue, originsOf } from "./origins.ts";
import { checkPlacements } from "./placements.ts";
import { DEFAULT_MAX_BYTES, readManifestFile } from "./read.ts";
import { type ManifestFile, Report } from "./report.ts";
import { type Frame, resolveFrame } from "./resolve/frame.ts";
import { resolveJob } from "./resolve/job.ts";
import { unknownName } from "./resolve/names.ts";

export interface LoadInput {
  /** As the person named it; diagnostics keep that name. */
  readonly file: string;
  /** Default: the first in the manifest. */
  readonly environment?: string;
  /** Cap of one file; default 16 MiB. */
  readonly maxBytes?: number;
  readonly files: Files;
  /** By type of provider, what its placements may say; a type that is not here is not checked. */
  readonly placementSchemas?: Readonly<Record<string, z.ZodType>>;
}

export interface LoadedManifest {
  /** Absent when there is any error. */
  readonly manifest?: Manifest;
  /** All of them, unsorted; warnings too. */
  readonly diagnostics: readonly Diagnostic[];
  /** The environments declared, in order; the one loaded is `manifest.environment`. */
  readonly environments: readonly string[];
  /** A line (from 1) of a source, for showing a diagnostic. */
  line(file: string, line: number): string | undefined;
  /** Each merged value of a job with where it comes from; worked out when asked. Undefined: no such job here. */
  origins(job: string): readonly MergedValue[] | undefined;
}

/** Reads, checks and resolves a manifest for one environment. Rejects only when `files` does. */
export async function loadManifest(input: LoadInput): Promise<LoadedManifest> {
  const { file, files, maxBytes = DEFAULT_MAX_BYTES } = input;
  const report = new Report();
  const main = await readManifestFile(file, files, maxBytes, report);
  if (main === undefined) return outcome(report);
  if (!isMap(main.value)) {
    const hint = "begin with rota: 1, namespace and jobs";
    report.add(main, [], { code: "R1022", message: "a manifest is a map", hint });
    return outcome(report);
  }
  const { value: checked, broken } = check(root, main.value, main, [], report);
  const all = [main, ...(await readIncludes(checked?.include ?? [], main, files, maxBytes, report))];
  if (checked === undefined) return outcome(report);

  const frame = resolveFrame(checked, broken, main, report);
  checkPlacements(frame.placements.values(), input.placementSchemas ?? {}, main, report);
  const declared = collectJobs(all, frame, report);
  const defaults = defaultsOf(main);
  const environment = chooseEnvironment(input.environment, frame, main, report);
  if (environment === undefined) return outcome(report, frame);

  const jobs = resolveJobs(declared, defaults, frame, environment, report);
  checkOthers(declared, defaults, frame, environment, report);
  checkBudgets(frame, declared, main, report);
  const layersOf = (name: string): readonly Layer[] | undefined => {
    const job = declared.get(name);
    return job && layersIn(job, defaults, environment.name);
  };
  const result = outcome(report, frame, (name) => {
    const layers = layersOf(name);
    return layers && originsOf(layers, main, checked);
  });
  if (result.diagnostics.some(({ severity }) => severity === "error")) return result;
  return { ...result, manifest: assemble(frame, environment, jobs) };
}

function outcome(report: Report, frame?: Frame, origins: LoadedManifest["origins"] = () => undefined): LoadedManifest {
  return {
    diagnostics: report.list(),
    environments: [...(frame?.environments.keys() ?? [])],
    line: (file, line) => report.line(file, line),
    origins,
  };
}

function defaultsOf(main: ManifestFile): Layer | undefined {
  const raw = isMap(main.value) ? main.value["defaults"] : undefined;
  if (raw === undefined || !isMap(raw)) return undefined;
  // The root's own check has reported what is wrong in here.
  const { value, broken } = check(jobLayer, raw as ManifestFile["value"], main, ["defaults"], new Report());
  return { kind: "defaults", file: main, path: ["defaults"], raw: raw as Layer["raw"], value: value ?? {}, broken };
}

function chooseEnvironment(
  asked: string | undefined,
  frame: Frame,
  main: ManifestFile,
  report: Report,
): Environment | undefined {
  if (asked === undefined) return frame.environments.values().next().value;
  const found = frame.environments.get(asked);
  if (found === undefined) {
    report.add(main, ["environments"], unknownName("R1062", "environment", asked, frame.environments, "key"));
  }
  return found;
}

function layersIn(job: Declared, defaults: Layer | undefined, environment: string): readonly Layer[] {
  const overlay = job.overlays.get(environment);
  return [...(defaults ? [defaults] : []), job.layer, ...(overlay ? [overlay] : [])];
}

/** One whose `only` names no environment that there is has a mistake there, and is looked at wherever one looks. */
function runsIn({ only }: Declared, environment: string, { environments }: Frame): boolean {
  return only === undefined || only.includes(environment) || !only.some((name) => environments.has(name));
}

function resolveJobs(
  declared: ReadonlyMap<string, Declared>,
  defaults: Layer | undefined,
  frame: Frame,
  environment: Environment,
  report: Report,
): readonly Job[] {
  const jobs: Job[] = [];
  const waiting: Waiting[] = [];
  for (const [name, job] of declared) {
    if (!runsIn(job, environment.name, frame)) continue;
    const layers = layersIn(job, defaults, environment.name);
    const resolved = resolveJob(name, layers, frame, environment, report);
    if (resolved) jobs.push(resolved);
    waiting.push({ name, after: resolved?.schedule.after ?? merge(layers).schedule?.after ?? [] });
  }
  jobs.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { job, index, problem } of checkAfter(waiting, environment.name, declared)) {
    const layers = layersIn(declared.get(job) as Declared, defaults, environment.name);
    const path = ["schedule", "after", index];
    const layer = placeOf(layers, path);
    if (layer) report.add(layer.file, [...layer.path, ...path], problem);
  }
  return jobs;
}

/** Mistakes that only another environment would show: jobs that are overlaid there, or do not run here. */
function checkOthers(
  declared: ReadonlyMap<string, Declared>,
  defaults: Layer | undefined,
  frame: Frame,
  environment: Environment,
  report: Report,
): void {
  for (const other of frame.environments.values()) {
    if (other === environment) continue;
    for (const [name, job] of declared) {
      if (!runsIn(job, other.name, frame)) continue;
      if (!job.overlays.has(other.name) && runsIn(job, environment.name, frame)) continue;
      resolveJob(name, layersIn(job, defaults, other.name), frame, other, report);
    }
  }
}

function checkBudgets(frame: Frame, declared: ReadonlyMap<string, Declared>, main: ManifestFile, report: Report): void {
  for (const { name, match } of frame.budgets) {
    const path = ["budgets", name, "match"];
    if (match.job !== undefined && !declared.has(match.job)) {
      report.add(main, [...path, "job"], unknownName("R1065", "job", match.job, declared));
    }
    const { provider, environment } = match;
    if (provider !== undefined && !frame.placements.has(provider) && !frame.isRefused("providers", provider)) {
      report.add(main, [...path, "provider"], unknownName("R1061", "provider", provider, frame.placements));
    }
    const known = environment === undefined || frame.environments.has(environment);
    if (!known && !frame.isRefused("environments", environment)) {
      const problem = unknownName("R1062", "environment", environment, frame.environments);
      report.add(main, [...path, "environment"], problem);
    }
  }
}

function assemble(frame: Frame, environment: Environment, jobs: readonly Job[]): Manifest {
  return {
    namespace: frame.namespace,
    timezone: frame.timezone,
    currency: frame.currency,
    environment,
    environments: [...frame.environments.values()],
    windows: Object.fromEntries(frame.windows),
    calendars: Object.fromEntries(frame.calendars),
    placements: [...frame.placements.values()],
    pools: [...frame.pools.values()],
    budgets: frame.budgets,
    notify: [...frame.notify.values()],
    safety: frame.safety,
    jobs,
  };
}
