import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The design's floors, written down a second time: biome.json must say the same. */
const FLOORS: readonly (readonly string[])[] = [
  ["model", "diagnostic"],
  ["manifest", "schedule", "stagger", "plan", "guard", "cost", "attendance"],
  ["provider", "ledger"],
  ["engine", "query"],
  ["server", "dashboard"],
  ["daemon"],
  ["cli"],
];
/** Imports within a floor that the design allows: the pure schedule for its neighbours, the page for its server. */
const WITHIN_FLOOR = new Set([
  ...["manifest", "stagger", "plan", "guard", "cost", "attendance"].map((folder) => `${folder}>schedule`),
  "server>dashboard",
]);
const PROVIDERS = ["local", "memory", "aws", "azure", "gcp"];
const OPEN_TO_PROVIDERS = ["model", "schedule", "provider"];
const SDKS: Readonly<Record<string, readonly string[]>> = {
  aws: ["@aws-sdk/client-scheduler", "@aws-sdk/client-ecs/commands", "@smithy/types"],
  azure: ["@azure/identity", "@azure/arm-resources"],
  gcp: ["@google-cloud/run", "@grpc/grpc-js", "google-gax"],
};

const floorOf = new Map(FLOORS.flatMap((names, floor) => names.map((name) => [name, floor] as const)));
const folders = [...floorOf.keys()];
const low = folders.filter((folder) => (floorOf.get(folder) ?? 0) <= 2);

interface Plant {
  readonly file: string;
  readonly code: string;
  readonly wanted: "reported" | "allowed";
}

const plants: Plant[] = [];
let planted = 0;
function plant(folder: string, code: string, wanted: Plant["wanted"]): void {
  planted += 1;
  plants.push({ file: `${folder}/plant${planted}.ts`, code: `${code}\n`, wanted });
}

for (const from of folders) {
  const floor = floorOf.get(from) ?? 0;
  for (const to of folders) {
    if (to === from) continue;
    const allowed = (floorOf.get(to) ?? 0) < floor || WITHIN_FLOOR.has(`${from}>${to}`);
    plant(`src/${from}`, `import "../${to}/index.ts";`, allowed ? "allowed" : "reported");
    plant(`src/${from}/part`, `import "../../${to}/index.ts";`, allowed ? "allowed" : "reported");
    plant(`src/${from}`, `import "../${to}/inside.ts";`, "reported");
  }
  plant(`src/${from}`, `import "./other.ts";`, "allowed");
  plant(`src/${from}/part`, `import "../other.ts";`, "allowed");
  plant(`src/${from}/part`, `import "../sibling/other.ts";`, "allowed");
  plant(`src/${from}`, `import "../main.ts";`, "reported");
  plant(`src/${from}`, `import "../../providers/local/index.ts";`, "reported");
  for (const sdk of Object.values(SDKS).flat()) plant(`src/${from}`, `import "${sdk}";`, "reported");
  for (const read of ["process.env.HOME", "process.argv", 'process["env"]', "process.argv0", "process.execArgv"])
    plant(`src/${from}`, `export const read: unknown = ${read};`, "reported");
  plant(`src/${from}`, `import { env } from "node:process"; export const read: unknown = env;`, "reported");
}
// The other ways to name a module.
for (const code of [
  `import type { Engine } from "../engine/index.ts"; export type E = Engine;`,
  `export * from "../engine/index.ts";`,
  `export { run } from "../engine/index.ts";`,
  `export const load = (): Promise<unknown> => import("../engine/index.ts");`,
])
  plant("src/guard", code, "reported");

for (const provider of PROVIDERS) {
  const folder = `providers/${provider}`;
  for (const to of folders)
    plant(folder, `import "../../src/${to}/index.ts";`, OPEN_TO_PROVIDERS.includes(to) ? "allowed" : "reported");
  plant(folder, `import "../../src/model/inside.ts";`, "reported");
  plant(`${folder}/part`, `import "../other.ts"; import "../../../src/model/index.ts";`, "allowed");
  plant(`${folder}/part`, `import "../../../src/engine/index.ts";`, "reported");
  plant(folder, `import "../../src/main.ts";`, "reported");
  for (const other of PROVIDERS.filter((name) => name !== provider))
    plant(folder, `import "../${other}/index.ts";`, "reported");
  for (const [owner, sdks] of Object.entries(SDKS))
    for (const sdk of sdks) plant(folder, `import "${sdk}";`, owner === provider ? "allowed" : "reported");
  plant(folder, "export const read: unknown = process.env;", "reported");
}
plant("src", `import "./engine/index.ts"; import "../providers/index.ts";`, "allowed");
plant("src", `import "./engine/inside.ts";`, "reported");
plant("src", `import "@aws-sdk/client-scheduler";`, "reported");
plants.push({
  file: "src/main.ts",
  code: "export const read: unknown = [process.env, process.argv];\n",
  wanted: "allowed",
});

const CLOCK_AND_CHANCE = [
  "new Date()",
  "Date.now()",
  "Date.now",
  "Date()",
  'Date["now"]()',
  "Math.random()",
  "Math.random",
  'Math["random"]()',
  "performance.now()",
  "performance",
  "Temporal.Now.instant()",
  "Temporal.Now",
  "setTimeout(() => {}, 1)",
  "setTimeout",
  "setInterval(() => {}, 1)",
  "AbortSignal.timeout(1)",
  "globalThis.Date.now()",
  "process.hrtime.bigint()",
  "process.uptime()",
  "crypto.randomUUID()",
  "crypto.getRandomValues(new Uint8Array(1))",
];
const CLOCK_AND_CHANCE_CODE = [
  "const { now } = Date; export const at: number = now();",
  "const { random } = Math; export const draw: number = random();",
  "const D = Date; export const at: number = D.now();",
  `import { setTimeout as wait } from "node:timers/promises"; export const w: unknown = wait;`,
  `import { setTimeout as wait } from "node:timers"; export const w: unknown = wait;`,
  `import { performance as p } from "node:perf_hooks"; export const w: unknown = p;`,
  `import { randomBytes } from "node:crypto"; export const w: unknown = randomBytes;`,
  `import { randomUUID as id } from "node:crypto"; export const w: unknown = id;`,
];
const INNOCENT = [
  "new Date(0)",
  'Date.parse("2026-01-01")',
  "Date.UTC(2026, 0)",
  "Math.max(1, 2)",
  "Temporal.Instant.fromEpochMilliseconds(0)",
  "AbortSignal.any([])",
  "{ now: 1, random: 2, setTimeout: 3 }",
];
for (const folder of [...low.map((name) => `src/${name}`), ...PROVIDERS.map((name) => `providers/${name}`)]) {
  for (const expression of CLOCK_AND_CHANCE)
    plant(folder, `export const planted: unknown = ${expression};`, "reported");
  for (const code of CLOCK_AND_CHANCE_CODE) plant(folder, code, "reported");
  for (const expression of INNOCENT) plant(folder, `export const planted: unknown = ${expression};`, "allowed");
  plant(folder, `import { createHash } from "node:crypto"; export const hash: unknown = createHash;`, "allowed");
}
// Above the providers' floor, time comes from the composition root by habit; the server needs real chance for tokens.
plant("src/server", `import { randomBytes } from "node:crypto"; export const w: unknown = randomBytes;`, "allowed");
for (const folder of low) {
  const pure = (floorOf.get(folder) ?? 0) <= 1;
  for (const module of ["fs", "fs/promises", "net", "child_process", "sqlite", "worker_threads"])
    plant(`src/${folder}`, `import "node:${module}";`, pure ? "reported" : "allowed");
}

const root = join(import.meta.dirname, "../../..");
const reported = new Map<string, string[]>();
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "rota floors "));
  const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8")) as Record<string, unknown>;
  delete config["$schema"];
  delete config["vcs"];
  writeFileSync(join(copy, "biome.json"), JSON.stringify(config));
  cpSync(join(root, "tools/lint"), join(copy, "tools/lint"), { recursive: true });
  for (const { file, code } of plants) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), code);
  }
  for (const { category, file } of lint(copy)) {
    const ours = category === "plugin" || /noRestricted(Imports|Globals)$/.test(category);
    if (ours) reported.set(file, [...(reported.get(file) ?? []), category]);
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function lint(folder: string): { category: string; file: string }[] {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  let output: string;
  try {
    output = execFileSync(process.execPath, [biome, "lint", "--reporter=json", "--max-diagnostics=none", "."], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 2 ** 28,
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(output) as { diagnostics: { category: string; location: { path: unknown } }[] };
  return diagnostics.map(({ category, location }) => {
    const path = location.path as string | { file: string };
    return { category, file: (typeof path === "string" ? path : path.file).replace(/^\.\//, "") };
  });
}

describe("the floors", () => {
  test("name every folder of src/ and providers/", () => {
    const inside = (folder: string): string[] =>
      readdirSync(join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && readdirSync(join(root, folder, entry.name)).length > 0)
        .map((entry) => entry.name);
    expect(folders).toEqual(expect.arrayContaining(inside("src")));
    expect(PROVIDERS).toEqual(expect.arrayContaining(inside("providers")));
  });

  test("planted violations are many, and each is reported", () => {
    const wanted = plants.filter((each) => each.wanted === "reported");
    expect(wanted.length).toBeGreaterThan(800);
    expect(wanted.filter(({ file }) => !reported.has(file)).map(({ file, code }) => `${file}: ${code}`)).toEqual([]);
  });

  test("what is allowed is not reported", () => {
    const allowed = plants.filter((each) => each.wanted === "allowed");
    expect(allowed.length).toBeGreaterThan(200);
    const wrong = allowed.filter(({ file }) => reported.has(file));
    expect(wrong.map(({ file, code }) => `${file}: ${code} ${reported.get(file)?.join()}`)).toEqual([]);
  });
});
