import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Files, type LoadedManifest, loadManifest } from "../../../src/manifest/index.ts";
import { DAY, MINUTE } from "../../../src/model/index.ts";
import { fires } from "../../../src/schedule/index.ts";
import { assignSlots } from "../../../src/stagger/index.ts";

const root = join(import.meta.dirname, "../../..");
const pipeline = join(root, "examples/pipeline");

const disk: Files = {
  stat: async (path) => ({
    kind: "file",
    bytes: statSync(join(root, path)).size,
    realPath: realpathSync(join(root, path)),
  }),
  read: async (path) => ({ ok: true, bytes: readFileSync(join(root, path)) }),
  glob: async () => [],
};
const load = (environment: string): Promise<LoadedManifest> =>
  loadManifest({ file: "jobs.yaml", environment, files: disk });

describe("jobs.yaml", () => {
  test.each(["dev", "prod"])("has nothing to report in %s", async (environment) => {
    const { diagnostics, manifest } = await load(environment);
    expect(diagnostics).toEqual([]);
    expect(manifest?.jobs.length).toBeGreaterThan(12);
  });

  test("shows each form of schedule", async () => {
    const { manifest } = await load("prod");
    const kinds = new Set(manifest?.jobs.map((job) => job.schedule.kind));
    expect(kinds).toEqual(new Set(["cron", "at", "interval", "flexible", "manual"]));
  });

  test("every script that it names is there", async () => {
    const { manifest } = await load("prod");
    expect(manifest).toBeDefined();
    for (const { workload } of manifest?.jobs ?? []) {
      if (workload.kind !== "process") throw new Error("the sample runs processes only");
      expect(existsSync(join(root, workload.cwd ?? "", workload.command[1] ?? ""))).toBe(true);
    }
  });

  test("within three minutes of any start, all of it can be seen", async () => {
    const { manifest } = await load("dev");
    const jobs = manifest?.jobs ?? [];
    const { slots } = assignSlots(jobs, undefined);
    const from = Date.UTC(2026, 10, 23, 6, 0, 30);
    const seen = jobs.filter((job) => fires(job.schedule, slots.get(job.name), from, from + 2 * MINUTE).length > 0);
    expect(seen.map((job) => job.name)).toEqual(
      expect.arrayContaining([
        "orders",
        "data-check",
        "train",
        "score",
        "report",
        "supplier-check",
        "warehouse-export",
        "step-search",
      ]),
    );
    const limits = new Map(jobs.map((job) => [job.name, job.guard]));
    expect(limits.get("warehouse-export")?.idleSeconds).toBeLessThanOrEqual(60);
    expect(limits.get("step-search")?.outputBytes).toBeLessThanOrEqual(16 * 2 ** 20);
  });

  test("the guard's own limit leaves room for the runs that go wrong on purpose", async () => {
    const { manifest } = await load("dev");
    const wrong = manifest?.jobs.filter(({ name }) => name === "warehouse-export" || name === "step-search") ?? [];
    expect(wrong).toHaveLength(2);
    const from = Date.UTC(2026, 10, 23);
    const aDay = wrong.reduce((sum, job) => sum + fires(job.schedule, undefined, from, from + DAY).length, 0);
    const safety = manifest?.safety;
    expect(aDay * ((safety?.perSeconds ?? 0) / 86_400)).toBeLessThan(safety?.maxStops ?? 0);
  });
});

describe("the pipeline's scripts", () => {
  let work: string;
  const run = (
    fire: string,
    script: string,
    ...args: string[]
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(pipeline, script), ...args], {
      encoding: "utf8",
      env: { ...process.env, PIPELINE_WORK: work, ROTA_FIRE: fire, ROTA_PROGRESS: join(work, "..progress") },
    });
  const json = (...path: string[]): Record<string, unknown> => JSON.parse(readFileSync(join(work, ...path), "utf8"));

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "rota pipeline "));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test("say what is missing when a step before them has not run", () => {
    for (const script of ["data-check.mjs", "train.mjs", "score.mjs", "report.mjs", "tune.mjs"]) {
      const { status, stderr } = run("2026-11-23T06:00:00Z", script);
      expect([status, stderr.trim().split("\n").length]).toEqual([1, 1]);
      expect(stderr).toContain("has the job");
    }
  });

  test("do their work, one after the other", () => {
    for (const minute of ["00", "01", "02"])
      expect(run(`2026-11-23T06:${minute}:00Z`, "orders.mjs").stdout).toMatch(/^2000 orders/);
    expect(readdirSync(join(work, "orders"))).toHaveLength(3);

    const fire = "2026-11-23T06:02:00Z";
    expect(run(fire, "data-check.mjs")).toMatchObject({ status: 0 });
    expect(json("quality", "2026-11-23T0602.json")).toMatchObject({ rows: 2000, problems: [] });

    expect(run(fire, "train.mjs")).toMatchObject({ status: 0 });
    const metrics = json("model.json")["metrics"] as { loss: number; lossOfConstant: number; areaUnderCurve: number };
    expect(metrics.loss).toBeLessThan(0.9 * metrics.lossOfConstant);
    expect(metrics.areaUnderCurve).toBeGreaterThan(0.7);
    // It found what the generator put in: shoes come back.
    const { features, weights } = json("model.json") as { features: string[]; weights: number[] };
    expect(weights[features.indexOf("category=shoes")]).toBeGreaterThan(0.8);

    expect(run(fire, "score.mjs")).toMatchObject({ status: 0 });
    const scores = readFileSync(join(work, "scores/2026-11-23T0602.csv"), "utf8").trim().split("\n").slice(1);
    const returned = (lines: readonly string[]): number => lines.filter((line) => line.endsWith(",1")).length;
    expect(scores).toHaveLength(2000);
    expect(returned(scores.slice(0, 200))).toBeGreaterThan(2 * returned(scores.slice(-200)));

    expect(run(fire, "forecast.mjs", "--region", "east")).toMatchObject({ status: 0 });
    expect(run(fire, "report.mjs")).toMatchObject({ status: 0 });
    expect(readFileSync(join(work, "report.md"), "utf8")).toMatch(/\| east \| \d+ \|/);
    expect(run(fire, "archive.mjs", "--keep", "1").stdout).toMatch(/^2 batches packed/);
    expect(readdirSync(join(work, "orders"))).toEqual(["2026-11-23T0602.csv"]);
    expect(readFileSync(join(work, "..progress"), "utf8")).toContain("epoch 200");
  });

  test("the same fire gives the same orders, another one others", () => {
    const batch = (fire: string): string => {
      run(fire, "orders.mjs", "--rows", "50");
      return readFileSync(join(work, "orders", `${fire.replaceAll(":", "").slice(0, 15)}.csv`), "utf8");
    };
    const first = batch("2026-11-24T06:00:00Z");
    expect(batch("2026-11-24T06:00:00Z")).toBe(first);
    expect(batch("2026-11-24T06:01:00Z")).not.toBe(first);
  });

  test("the check finds the supplier's changed columns, each by name", () => {
    const { status, stderr } = run("2026-11-23T06:00:00Z", "data-check.mjs", "--file", "data/supplier.csv");
    expect(status).toBe(1);
    for (const words of ["`unit_price` is missing", "`unit_price_cents` is new", "`loyalty_tier` is new"])
      expect(stderr).toContain(words);
  });

  test("the export waits for ever, and the search prints for ever", async () => {
    run("2026-11-23T06:00:00Z", "orders.mjs");
    const starts = (script: string): { bytes: () => number; end: () => Promise<NodeJS.Signals | null> } => {
      const child = spawn(process.execPath, [join(pipeline, script)], { env: { ...process.env, PIPELINE_WORK: work } });
      let bytes = 0;
      child.stdout.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
      return {
        bytes: () => bytes,
        end: () => {
          child.kill("SIGKILL");
          return ended;
        },
      };
    };
    const exporting = starts("export.mjs");
    const searching = starts("tune.mjs");
    await expect.poll(searching.bytes, { timeout: 15_000 }).toBeGreaterThan(100_000);
    await expect.poll(exporting.bytes, { timeout: 15_000 }).toBe("waiting for the warehouse\n".length);
    expect([await exporting.end(), await searching.end()]).toEqual(["SIGKILL", "SIGKILL"]);
  });
});
