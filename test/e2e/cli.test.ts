import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TestProject } from "../support/cli.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The command line without a daemon: from a new folder to a deployed manifest and back. */
const MANIFEST = `rota: 1
namespace: shop
timezone: America/Toronto
currency: USD
windows: { morning: "Mon-Fri 06:00-12:00" }
providers: { local: { price: 0.20 USD/h } }
environments: { dev: { provider: local }, prod: { provider: local } }
defaults: { process: { cpu: 0.5, memory: 64MiB } }
jobs:
  score:
    team: returns
    process: { command: [echo, hi] }
    schedule: "0 6 * * *"
    expect: { duration: 10m }
  report:
    process: { command: [echo, hi] }
    schedule: { every: week, within: [morning] }
    expect: { duration: 20m }
`;

describe("a new folder", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await TestProject.make();
  });
  afterAll(() => project.remove());

  test("without a manifest says how to get one", async () => {
    const { code, stdout, stderr } = await project.rota(["validate"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/there is no jobs\.yaml .*\n {2}write one with: rota init/);
  });

  test("init writes a manifest that holds, and never overwrites", async () => {
    expect(await project.rota(["init"])).toMatchObject({ code: 0, stdout: expect.stringContaining("jobs.yaml") });
    expect(await project.json(["validate", "--strict"])).toMatchObject({
      schema: "rota.validate/1",
      ok: true,
      jobs: 2,
      diagnostics: [],
    });
    const before = await readFile(join(project.folder, "jobs.yaml"), "utf8");
    const again = await project.rota(["init"]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("is there already; it was left as it is");
    expect(await readFile(join(project.folder, "jobs.yaml"), "utf8")).toBe(before);
    expect(await project.files()).toEqual(["jobs.yaml"]);
  });

  test("a bad manifest shows every mistake with its place", async () => {
    await project.write('rota: 1\nnamespace: Shop!\ncolour: red\njobs:\n  a: { schedule: "99 * * * *" }\n', "bad.yaml");
    const { code, stdout } = await project.rota(["validate", "-f", "bad.yaml"]);
    expect(code).toBe(1);
    for (const place of ["bad.yaml:2:12", "bad.yaml:3:1", "bad.yaml:5:"]) expect(stdout).toContain(place);
    const { ok, diagnostics } = await project.json<{ readonly ok: boolean; readonly diagnostics: readonly object[] }>(
      ["validate", "-f", "bad.yaml"],
      1,
    );
    expect(ok).toBe(false);
    for (const d of diagnostics) {
      expect(d).toMatchObject({
        code: expect.stringMatching(/^R\d{4}$/),
        severity: expect.stringMatching(/^(error|warning|info)$/),
        file: expect.stringContaining("bad.yaml"),
        line: expect.any(Number),
        column: expect.any(Number),
        message: expect.any(String),
      });
    }
    const planned = await project.rota(["plan", "-f", "bad.yaml"]);
    expect(planned).toMatchObject({ code: 1, stdout: "" });
    expect(planned.stderr).toContain("the manifest has errors; nothing was done");
  });

  test("a file over the given size is refused", async () => {
    const { code, stdout } = await project.rota(["validate", "--max-size", "100B"]);
    expect(code).toBe(1);
    expect(stdout).toContain("R1003");
  });
});

describe("a manifest", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await TestProject.make(MANIFEST);
  });
  afterAll(() => project.remove());

  test("is planned, saved, applied, found unchanged, and destroyed", async () => {
    const plan = await project.json(["plan"]);
    expect(plan).toMatchObject({ env: "dev", warnings: expect.any(Array), fingerprint: expect.any(String) });
    expect(plan["changes"]).toEqual([
      expect.objectContaining({ action: "create", job: "report", provider: "local", why: expect.any(String) }),
      expect.objectContaining({
        action: "create",
        job: "score",
        resource: expect.any(String),
        fields: expect.any(Array),
      }),
    ]);
    expect((await project.rota(["plan", "--detailed-exitcode", "--out", "friday.plan"])).code).toBe(2);

    const asked = await project.rota(["apply"]);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain("use --yes, or a plan file");
    expect(await project.rota(["apply", "friday.plan"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("2 created, 0 updated, 0 deleted, 0 unchanged"),
    });
    expect((await project.rota(["plan", "--detailed-exitcode"])).code).toBe(0);
    expect(await project.json(["apply", "--yes"])).toMatchObject({
      schema: "rota.apply/1",
      ok: true,
      result: { kept: 2 },
    });
    expect(await project.json(["drift"])).toEqual({ schema: "rota.drift/1", drift: [] });

    const refused = await project.rota(["apply", "--env", "prod", "--yes"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/holds the state of shop\/dev, not of "?(shop\/)?prod/);

    expect(await project.json(["ledger", "verify"])).toMatchObject({ ok: true, entries: expect.any(Number) });
    const { stdout } = await project.rota(["ledger", "export"]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number });
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));

    expect((await project.rota(["destroy", "--yes"])).stdout).toContain("2 deleted");
    expect((await project.rota(["plan", "--detailed-exitcode"])).code).toBe(2);
    expect(await project.files()).toEqual([".rota", "friday.plan", "jobs.yaml"]);
  });

  test("tells its fires, its slots, its cost and where each value comes from", async () => {
    const { fires } = await project.json(["next", "--from", "2026-11-23", "-n", "3"]);
    expect(fires).toContainEqual(
      expect.objectContaining({
        job: "score",
        at: "2026-11-23T11:00:00Z",
        local: expect.stringContaining("2026-11-23T06:00"),
        timezone: "America/Toronto",
      }),
    );
    const estimate = await project.json(["estimate", "--month", "2026-11"]);
    expect(estimate).toMatchObject({ schema: "rota.estimate/1", period: "2026-11", basis: "estimated", unpriced: [] });
    const score = (estimate["jobs"] as readonly { job: string; fires: number; cost: { amount: string } }[])[1];
    // 30 fires of 10 minutes on half a vCPU of a machine whose whole costs 0.20 an hour.
    expect(score).toMatchObject({ job: "score", fires: 30 });
    expect(Number(score?.cost.amount)).toBeCloseTo((30 * (10 / 60) * 0.2 * 0.5) / availableParallelism(), 6);
    const shown = await project.json(["show", "score"]);
    expect(shown["jobs"]).toEqual([expect.objectContaining({ job: "score", values: expect.any(Array) })]);
    const schema = JSON.parse((await project.rota(["schema"])).stdout);
    expect(schema).toHaveProperty("$schema");
    const health = await project.json(["doctor"]);
    expect(health["findings"]).toContainEqual(expect.objectContaining({ check: "versions", ok: true }));
  });

  test("is levelled, drawn, and its slots kept", async () => {
    const report = await project.json(["stagger"]);
    expect(report["pools"]).toEqual([
      expect.objectContaining({
        pool: expect.any(String),
        jobs: 2,
        peak: expect.any(Number),
        bound: expect.any(Number),
        before: expect.any(Number),
        certificate: expect.objectContaining({ windowStart: expect.any(String), load: expect.any(Number) }),
      }),
    ]);
    expect(report["slots"]).toEqual([
      expect.objectContaining({ job: "report", starts: [expect.stringMatching(/^(Mon|Tue|Wed|Thu|Fri) \d\d:\d\d$/)] }),
    ]);
    const { code, stdout, stderr } = await project.rota(["stagger", "--write", "--svg", "week.svg"]);
    expect(code).toBe(0);
    expect(stdout + stderr).toMatch(/^wrote jobs\.lock\.yaml$/m);
    expect(stdout).toContain("no schedule below");
    expect(await readFile(join(project.folder, "jobs.lock.yaml"), "utf8")).toContain("report:");
    expect(await readFile(join(project.folder, "week.svg"), "utf8")).toContain("<svg");
    expect((await project.rota(["validate"])).code).toBe(0);
  });

  test("from a folder below it, and with a state elsewhere", async () => {
    const elsewhere = join(project.folder, "..", "state");
    const { code } = await project.rota([
      "apply",
      "--yes",
      "--state",
      elsewhere,
      "-f",
      join(project.folder, "jobs.yaml"),
    ]);
    expect(code).toBe(0);
    expect(await project.json(["status", "--state", elsewhere])).toMatchObject({
      schema: "rota.status/1",
      daemon: { up: false },
      running: [],
    });
  });
});
