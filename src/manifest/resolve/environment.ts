import type { Environment, Placement, Window } from "../../model/index.ts";
import { PROVIDER_TYPES } from "../define/job.ts";
import type { Root } from "../define/root.ts";
import type { Path } from "../locate.ts";
import type { Problem } from "../report.ts";
import { parseHourlyPrice } from "../units.ts";
import { unknownName } from "./names.ts";
import { readWindow } from "./time.ts";

type Say = (path: Path, problem: Problem) => void;

/** The placements by name; with none declared, this machine. */
export function resolvePlacements(root: Root, say: Say): ReadonlyMap<string, Placement> {
  const placements = new Map<string, Placement>();
  for (const [name, { type = name, ...options }] of Object.entries(root.providers ?? {})) {
    const known = (PROVIDER_TYPES as readonly string[]).includes(String(type));
    if (!known) {
      const written = Object.hasOwn(root.providers?.[name] ?? {}, "type");
      const problem = unknownName("R1064", "provider type", String(type), PROVIDER_TYPES);
      say(written ? ["providers", name, "type"] : ["providers", name], {
        ...problem,
        ...(written ? {} : { hint: `say which: ${name}: { type: local }`, at: "key" as const }),
      });
    }
    if (options["price"] !== undefined) {
      const price = parseHourlyPrice(options["price"]);
      if (!price.ok) say(["providers", name, "price"], price.error);
    }
    placements.set(name, { name, type: String(type), options });
  }
  if (placements.size === 0) placements.set("local", { name: "local", type: "local", options: {} });
  return placements;
}

/** The environments in the order in which they are declared; with none, one named `default`. */
export function resolveEnvironments(
  root: Root,
  placements: ReadonlyMap<string, Placement>,
  windows: ReadonlyMap<string, readonly Window[]>,
  broken: ReadonlySet<string>,
  say: Say,
): ReadonlyMap<string, Environment> {
  const environments = new Map<string, Environment>();
  const names = [...placements.keys()];
  const sole = names.length === 1 ? names[0] : placements.has("local") ? "local" : undefined;
  for (const [name, { provider, deploy }] of Object.entries(root.environments ?? {})) {
    const path = ["environments", name];
    // JavaScript moves such keys to the front, and the first environment is the default.
    if (/^[0-9]+$/.test(name)) {
      const message = "an environment's name cannot be a number";
      say(path, { code: "R1027", message, hint: `put a letter before it: "env-${name}"`, at: "key" });
    }
    if (provider !== undefined) {
      const known = placements.has(provider) || broken.has("providers") || broken.has(`providers.${provider}`);
      if (!known) say([...path, "provider"], unknownName("R1061", "provider", provider, placements));
    } else if (names.length > 1 && !broken.has(`environments.${name}.provider`)) {
      const message = `the environment "${name}" does not say where its jobs run`;
      say(path, { code: "R1021", message, hint: `add provider: one of ${names.join(", ")}`, at: "key" });
    }
    const sayWindow = (i: number, problem: Problem): void => say([...path, "deploy", "allow", i], problem);
    const deployWindows = resolveDeployWindows(deploy?.allow ?? [], windows, broken, sayWindow);
    environments.set(name, { name, placement: provider ?? sole ?? "local", deployWindows });
  }
  if (environments.size > 0 || broken.has("environments")) return environments;
  if (sole === undefined) {
    const message = "several providers, and no environment says which to use";
    say(["providers"], {
      code: "R1021",
      message,
      hint: `add environments: { prod: { provider: ${names[0]} } }`,
      at: "key",
    });
  }
  environments.set("default", { name: "default", placement: sole ?? names[0] ?? "local", deployWindows: [] });
  return environments;
}

function resolveDeployWindows(
  texts: readonly string[],
  windows: ReadonlyMap<string, readonly Window[]>,
  broken: ReadonlySet<string>,
  say: (index: number, problem: Problem) => void,
): readonly Window[] {
  const found: Window[] = [];
  for (const [i, text] of texts.entries()) {
    const read = readWindow(text, windows);
    if ("windows" in read) found.push(...read.windows);
    else if (!broken.has("windows") && !broken.has(`windows.${text}`)) say(i, read.problem);
  }
  return found;
}
