import type { Json } from "../model/index.ts";
import type { Root } from "./define/root.ts";
import { WORKLOADS, type WorkloadKind } from "./define/workload.ts";
import { dropped, FORM_GROUPS, isMap, type Layer, scheduleOf, WORKLOAD_GROUPS } from "./layers.ts";
import type { ManifestFile } from "./report.ts";

/** The key that says a value; lines and columns from 1, in UTF-16 units. */
export interface Written {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** One value of a merged job, as it is written (`30m`, not seconds). */
export interface MergedValue {
  readonly path: readonly string[];
  readonly value: Json;
  /** `jobs.yaml:31`, `defaults`, `overlay prod`, `built-in`. */
  readonly origin: string;
  /** Where it is written, also for defaults and overlays; absent when built in. */
  readonly place?: Written;
}

type Map_ = Readonly<Record<string, unknown>>;

/** The merged values in the order of their paths, the lowest layer's origin kept where nothing replaced it. */
export function originsOf(layers: readonly Layer[], main: ManifestFile, root: Root): readonly MergedValue[] {
  const values = new Map<string, MergedValue>();
  const raws = layers.map(({ raw }) => normal(raw));
  const workloads = dropped(raws, WORKLOAD_GROUPS);
  const forms = dropped(raws.map(scheduleOf), FORM_GROUPS);
  for (const [i, layer] of layers.entries()) {
    for (const { path, value } of leaves(raws[i], [])) {
      if (workloads.has(path[0] ?? "") || (path[0] === "schedule" && forms.has(path[1] ?? ""))) continue;
      for (const key of values.keys()) if (key.startsWith(`${path.join("\n")}\n`)) values.delete(key);
      values.set(path.join("\n"), { path, value, ...placeOf(layer, path) });
    }
  }
  const kind = WORKLOADS.find((key) => !workloads.has(key) && raws.some((raw) => raw[key] !== undefined));
  const said = new Set([...values.values()].flatMap(({ path }) => path.map((_, i) => path.slice(0, i + 1).join("\n"))));
  for (const builtIn of builtIns(kind, main, root)) {
    const key = builtIn.path.join("\n");
    if (!said.has(key)) values.set(key, builtIn);
  }
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function placeOf(layer: Layer, path: readonly string[]): Pick<MergedValue, "origin" | "place"> {
  const { file, lines, locator } = layer.file;
  const written =
    isMap(layer.raw) && typeof layer.raw["schedule"] === "string" && path[0] === "schedule" ? ["schedule"] : path;
  const { start, end } = locator.key([...layer.path, ...written]);
  const { line, column } = lines.place(start);
  const origins = { defaults: "defaults", job: `${file}:${line}`, overlay: `overlay ${layer.path.at(-1)}` };
  return { origin: origins[layer.kind], place: { file, line, column, length: end - start } };
}

/** `schedule: "…"` as the form it stands for; `environments` and `only` are no values of the merged job. */
function normal(raw: unknown): Map_ {
  if (!isMap(raw)) return {};
  const { environments: _overlays, only: _only, ...rest } = raw as Record<string, unknown>;
  return typeof rest["schedule"] === "string" ? { ...rest, schedule: { cron: rest["schedule"] } } : rest;
}

function* leaves(value: unknown, path: readonly string[]): Generator<{ path: readonly string[]; value: Json }> {
  if (isMap(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
  } else if (path.length > 0) yield { path, value: value as Json };
}

function builtIns(kind: WorkloadKind | undefined, main: ManifestFile, root: Root): readonly MergedValue[] {
  const builtIn = (path: string, value: Json): MergedValue => ({ path: path.split("."), value, origin: "built-in" });
  const zone = main.locator.key(["timezone"]);
  const { line, column } = main.lines.place(zone.start);
  return [
    builtIn("guard.mode", "enforce"),
    builtIn("guard.onBreach", "stop"),
    builtIn("guard.protect", false),
    builtIn("guard.grace", "30s"),
    builtIn("guard.idleCpu", "2%"),
    builtIn("guard.costWarn", "80%"),
    builtIn("retry.attempts", 1),
    ...(kind === "process" || kind === "container"
      ? [builtIn(`${kind}.cpu`, 1), builtIn(`${kind}.memory`, "1GiB")]
      : []),
    ...(kind === "http" ? [builtIn("http.method", "POST"), builtIn("http.timeout", "30s")] : []),
    ...(kind === "vm" ? [builtIn("vm.action", "start")] : []),
    root.timezone === undefined
      ? builtIn("schedule.timezone", "UTC")
      : {
          path: ["schedule", "timezone"],
          value: root.timezone,
          origin: `${main.file}:${line}`,
          place: { file: main.file, line, column, length: zone.end - zone.start },
        },
    builtIn("schedule.dst.gap", "shift"),
    builtIn("schedule.dst.overlap", "first"),
    builtIn("schedule.catchUp", "last"),
    builtIn("schedule.overlap", "skip"),
  ];
}
