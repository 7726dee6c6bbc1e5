import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../conformance/codes.ts";
import { deploy, desiredJob, requestFor, untilPhase } from "../conformance/subject.ts";
import { NOW } from "../support/jobs.ts";
import type { Exchange, Fault } from "./gcp/server.ts";
import { container, type GcpSubject, openGcpSubject } from "./gcp/subject.ts";

/** As the engine makes them: the job, the fire, the attempt. */
const KEY = "job.20261123T0600.1";
const SCHEDULE = "rota_acme_dev_job_1";

describe("Batch of Google Cloud", () => {
  let subject: GcpSubject;
  beforeEach(async () => {
    subject = await openGcpSubject("batch");
  });
  afterEach(async () => {
    expect(subject.world.problems).toEqual([]);
    await subject.close();
  });
  const request = (kind: "quick" | "failing" | "endless" = "endless") =>
    requestFor(subject, KEY, subject.workloads[kind]);
  const once = (call: string, fault: Fault): void => {
    let left = 1;
    subject.world.server.fault = (exchange: Exchange) => (exchange.call === call && left-- > 0 ? fault : undefined);
  };
  const batchCalls = () => subject.world.server.exchanges.filter((call) => call.startsWith("batch:"));
  /** What a job of these options becomes, with a duration of an hour. */
  const rendered = (options: object, workload = {}, guard = {}) => {
    const { job } = desiredJob(subject, "job", { ...container("quick"), ...workload });
    const made = { ...job, guard: { ...job.guard, ...guard }, options: { runner: "batch", ...options } as never };
    return subject.provider.render({ job: made }, NOW);
  };

  it("what the schedule makes is a run of its own, and ends by Batch's own limit while nobody watches", async () => {
    const made = await deploy(subject.provider, desiredJob(subject, "job", subject.workloads.endless));
    expect(made.map(({ kind }) => kind)).toEqual(["schedule"]);
    const { name } = subject.world.fireBatch(SCHEDULE);
    const [state, ...others] = await subject.provider.listRuns(0);
    expect(others).toEqual([]);
    expect(state).toMatchObject({ job: "job", startedBy: "schedule", phase: "starting", handle: { batchJob: name } });
    expect(state?.run).toBeUndefined();
    subject.world.clock.advance(2 * 3600_000);
    const end = await subject.provider.inspect({ batchJob: name });
    expect(end).toMatchObject({ phase: "ended", outcome: "failed", reason: expect.stringContaining("maxRunDuration") });
    expect(end.exitCode).toBeUndefined();
    expect(end.elapsedSeconds).toBeGreaterThan(3600);
    expect(end.elapsedSeconds).toBeLessThan(3700);
  });

  it.each<[string, Fault]>([
    ["lost", { kind: "lost" }],
    ["UNAVAILABLE", { kind: "status", code: "UNAVAILABLE" }],
    ["throttled", { kind: "status", code: "RESOURCE_EXHAUSTED", retryAfterSeconds: 7 }],
    ["late", { kind: "delay", ms: 5000 }],
  ])("a start whose answer is %s makes one job", async (_what, fault) => {
    once("batch:CreateJob", fault);
    const { handle, run } = await subject.provider.start(request());
    expect(run).toBe(KEY);
    expect((await subject.provider.find(KEY))?.handle).toEqual(handle);
    expect(subject.world.batch.lives.size).toBe(1);
  });

  it("a start whose job another made under the same id is not taken for ours", async () => {
    const { handle } = await subject.provider.start(request());
    const { batchJob } = handle as { batchJob: string };
    const life = subject.world.batch.lives.get(batchJob);
    if (life) life.job["labels"] = { "rota-namespace": "other" };
    expect(await codeOf(subject.provider.start(request()))).toBe("denied");
    expect(await codeOf(subject.provider.stop(handle, "hard"))).toBe("denied");
    expect(batchCalls()).not.toContain("batch:CancelJob");
  });

  it("a copy that a person makes of a run is a person's, and has no key", async () => {
    const { handle } = await subject.provider.start(request());
    const life = subject.world.batch.lives.get((handle as { batchJob: string }).batchJob);
    const copy = subject.world.batch.create(structuredClone(life?.job ?? {}), "by-hand");
    const states = await subject.provider.listRuns(0);
    expect(states.filter(({ run }) => run === KEY).map((state) => state.handle)).toEqual([handle]);
    expect(states.find((state) => (state.handle as { batchJob: string }).batchJob === copy.name)).toMatchObject({
      job: "job",
      startedBy: "person",
    });
  });

  it("a listing of which the second page fails throws, and so does one that is denied", async () => {
    await subject.provider.start(request());
    await subject.provider.start({ ...request(), run: "job.20261124T0600.1" });
    subject.world.batch.pageSize = 1;
    subject.world.server.fault = ({ call, request: { pageToken } }) =>
      call === "batch:ListJobs" && pageToken !== "" ? { kind: "status", code: "PERMISSION_DENIED" } : undefined;
    expect(await codeOf(subject.provider.listRuns(0))).toBe("denied");
    subject.world.server.fault = () => undefined;
    expect(await subject.provider.listRuns(0)).toHaveLength(2);
    once("batch:ListJobs", { kind: "status", code: "PERMISSION_DENIED" });
    expect(await codeOf(subject.provider.listRuns(0))).toBe("denied");
  });

  it("a listing that did not reach all places is no listing", async () => {
    const { handle } = await subject.provider.start(request());
    subject.world.batch.unreachable = ["projects/acme-test/locations/us-central1"];
    expect(await codeOf(subject.provider.listRuns(0))).toBe("unavailable");
    subject.world.batch.unreachable = [];
    expect((await subject.provider.listRuns(0)).map((state) => state.handle)).toEqual([handle]);
  });

  it("a job that is refused as known and not shown yet leaves the start unknown, not failed", async () => {
    await subject.provider.start(request());
    subject.world.server.fault = ({ call }) =>
      call === "batch:GetJob" ? { kind: "status", code: "NOT_FOUND" } : undefined;
    expect(await codeOf(subject.provider.start(request()))).toBe("unavailable");
    subject.world.server.fault = () => undefined;
    expect((await subject.provider.start(request())).run).toBe(KEY);
  });

  it("later rounds read what is new, and again what still runs, however old", async () => {
    const { handle } = await subject.provider.start(request());
    await subject.provider.listRuns(0);
    subject.world.clock.advance(40 * 60_000);
    const [first] = [...subject.world.batch.lives.values()];
    const { name } = subject.world.batch.create({ ...first?.job }, "new");
    const since = subject.world.clock.now();
    const handles = (await subject.provider.listRuns(since)).map((state) => JSON.stringify(state.handle));
    expect(handles.sort()).toEqual([JSON.stringify(handle), JSON.stringify({ batchJob: name })].sort());
    await subject.provider.stop(handle, "hard");
    await untilPhase(subject, handle, "ended");
    const [stopped] = (await subject.provider.listRuns(since)).filter(({ run }) => run === KEY);
    expect(stopped).toMatchObject({ phase: "ended", outcome: "stopped" });
    // One that somebody deletes while it runs is no run any more.
    subject.world.batch.lives.delete(name);
    expect((await subject.provider.listRuns(since)).map((state) => state.handle)).not.toContainEqual({
      batchJob: name,
    });
  });

  it("a stop that comes as the job ends, or by a read that is out of date, is no error", async () => {
    const { handle } = await subject.provider.start(request("quick"));
    await untilPhase(subject, handle, "running");
    subject.world.clock.advance(3600_000);
    once("batch:GetJob", { kind: "stale" });
    await subject.provider.stop(handle, "hard");
    expect(batchCalls().at(-1)).toBe("batch:CancelJob");
    expect((await subject.provider.inspect(handle)).outcome).toBe("succeeded");
  });

  it("output is metered, and nothing else is said to be known; what was an error is on stderr", async () => {
    const { handle } = await subject.provider.start(request());
    const { startedAt = 0 } = await untilPhase(subject, handle, "running");
    const [life] = subject.world.batch.running();
    subject.world.telemetry.write({ name: life?.uid ?? "" }, ["wrong"], "stderr");
    subject.world.clock.advance(60_000);
    const samples = await subject.provider.measure(handle, startedAt);
    expect(samples).toHaveLength(1);
    expect(samples[0]?.outputBytes).toBeGreaterThan(0);
    for (const key of ["cpuSeconds", "memoryBytes", "networkBytes"]) expect(samples[0]).not.toHaveProperty(key);
    const errors: string[] = [];
    for await (const { stream, text } of subject.provider.logs(handle)) if (stream === "stderr") errors.push(text);
    expect(errors).toEqual(["wrong\n"]);
  });

  it("GPUs, a machine and secrets stand in the schedule's body as Batch takes them", async () => {
    const { resources, warnings } = rendered(
      { machineType: "n1-standard-8", accelerator: { type: "nvidia-tesla-t4" } },
      { gpu: 2, secrets: { TOKEN: "token:3", KEY: "projects/other/secrets/key" } },
      { idleSeconds: 600 },
    );
    const [schedule] = resources;
    expect(schedule?.fields).toMatchObject({
      uri: "https://batch.googleapis.com/v1/projects/acme-test/locations/us-central1/jobs",
      auth: { kind: "oauth" },
      body: {
        labels: { "rota-namespace": "acme", "rota-environment": "dev", "rota-job": "job" },
        allocationPolicy: {
          instances: [
            {
              installGpuDrivers: true,
              policy: { machineType: "n1-standard-8", accelerators: [{ type: "nvidia-tesla-t4", count: "2" }] },
            },
          ],
        },
      },
    });
    expect(JSON.stringify(schedule?.fields["body"])).toContain('"TOKEN":"projects/acme-test/secrets/token/versions/3"');
    expect(JSON.stringify(schedule?.fields["body"])).toContain('"KEY":"projects/other/secrets/key/versions/latest"');
    expect(warnings.join()).toContain("guard.idle is not judged");
    if (schedule) await subject.provider.apply({ action: "create", desired: schedule, why: "test" });
    expect(subject.world.fireBatch(SCHEDULE).limitMs).toBeGreaterThan(3600_000);
  });

  it.each<[string, object, object, object]>([
    ["which GPUs", {}, { gpu: 1 }, {}],
    ["without gpu", { accelerator: { type: "nvidia-l4" } }, {}, {}],
    ["count is 1, and gpu is 2", { accelerator: { type: "nvidia-l4", count: 1 } }, { gpu: 2 }, {}],
    ["14 days", {}, {}, { durationSeconds: 15 * 86_400 }],
    ["machineType", { machineType: "Big One" }, {}, {}],
    ["accelerator.count", { accelerator: { type: "nvidia-l4", count: 0 } }, { gpu: 1 }, {}],
    ["Secret Manager", {}, { secrets: { A: "a/b/c" } }, {}],
    ["machine types", { runner: "cloudRun", machineType: "n1-standard-8" }, {}, {}],
  ])("refuses with words: %s", (words, options, workload, guard) => {
    const { refusal, resources } = rendered(options, workload, guard);
    expect(refusal?.reason).toContain(words);
    expect(refusal?.fix).not.toBe("");
    expect(resources).toEqual([]);
  });

  it("a placement without batch: true refuses such jobs, asks Batch nothing and needs no leave for it", async () => {
    const plain = await subject.world.provider();
    const { refusal } = plain.render(desiredJob(subject, "job", subject.workloads.quick), NOW);
    expect(refusal?.fix).toContain("batch: true");
    await plain.listRuns(0);
    await plain.find(KEY);
    await plain.check();
    expect(batchCalls()).toEqual([]);
    expect(JSON.stringify(plain.permissions?.([]))).not.toContain("batch");
    await plain.close();
  });

  it("the doctor asks Batch, and the permissions name all who need leave", async () => {
    expect((await subject.provider.check()).find(({ check }) => check === "batch")?.ok).toBe(true);
    once("batch:ListJobs", { kind: "status", code: "PERMISSION_DENIED" });
    expect((await subject.provider.check()).find(({ check }) => check === "batch")?.ok).toBe(false);
    const text = JSON.stringify(subject.provider.permissions?.([]));
    for (const role of ["batch.jobsEditor", "batch.agentReporter", "logging.logWriter", "iam.serviceAccountUser"])
      expect(text).toContain(`roles/${role}`);
  });
});
