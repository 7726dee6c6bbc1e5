import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HOUR } from "../../../src/model/index.ts";
import { createMetrics } from "../../../src/server/index.ts";
import { SAMPLE_DAY, sampleRun, writeSampleMorning } from "../../support/sample.ts";
import { BEARER, call, engineStatus, openTestServer, type TestServer } from "../../support/server.ts";

let world: TestServer;
beforeEach(async () => {
  world = await openTestServer({}, writeSampleMorning);
});
afterEach(() => world.close());

const ready = async (path: string): Promise<readonly [number, unknown]> => {
  const { status, text } = await call(world, { path });
  return [status, JSON.parse(text)];
};

describe.each(["/readyz", "/health"])("%s", (path) => {
  test("is 200 when the daemon can work", async () => {
    expect(await ready(path)).toEqual([200, { ready: true, problems: [] }]);
  });

  test("tells problems that do not keep it from working", async () => {
    world.control.current = engineStatus(world.clock, { problems: ["the guard is held"] });
    expect(await ready(path)).toEqual([200, { ready: true, problems: ["the guard is held"] }]);
    // What names jobs and what they use is not told to whoever asks.
    world.control.current = engineStatus(world.clock, { unread: ["aws: the log of report may not be read"] });
    expect(await ready(path)).toEqual([200, { ready: true, problems: [] }]);
  });

  test("is 503 with the reasons when it cannot", async () => {
    world.control.current = engineStatus(world.clock, { ready: false, problems: ["the disk is full"] });
    expect(await ready(path)).toEqual([503, { ready: false, problems: ["the disk is full"] }]);
  });

  test("names a placement that cannot be listed and since when, and keeps the provider's words from whoever asks", async () => {
    const problem = "aws: denied: arn:aws:iam::123456789012:user/ada may not perform ecs:ListTasks";
    const failingSince = world.clock.now() - HOUR;
    const aws = { placement: "aws", type: "aws", ok: false, jobs: 7, problem, failingSince };
    world.control.current = engineStatus(world.clock, { ready: false, placements: [aws] });
    const since = new Date(failingSince).toISOString().replace(".000", "");
    expect(await ready(path)).toEqual([
      503,
      { ready: false, problems: [`aws cannot be listed since ${since}: rota status says why`] },
    ]);
    const told = JSON.parse((await call(world, { path: "/api/status", headers: BEARER })).text);
    expect(told).toMatchObject({ problems: [problem], placements: [{ problem, failingSince: since }] });
  });

  test("is 503 with a reason even when the engine gives none", async () => {
    world.control.current = engineStatus(world.clock, { ready: false });
    expect(await ready(path)).toEqual([503, { ready: false, problems: ["the engine is not ready"] }]);
  });

  test("is 503 when the engine or the ledger does not answer; /livez is 200 all the same", async () => {
    world.control.failure = new Error("stuck");
    await world.ledger.close();
    const [status, body] = await ready(path);
    expect(status).toBe(503);
    expect(body).toMatchObject({
      ready: false,
      problems: [/engine.*stuck/, /ledger cannot be read/].map((each) => expect.stringMatching(each)),
    });
    expect((await call(world, { path: "/livez" })).status).toBe(200);
  });
});

describe("/metrics", () => {
  const value = (text: string, name: string): string | undefined =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);

  test("tells what was recorded, how things stand, and how long things took", async () => {
    await world.close();
    const metrics = createMetrics("0.1.0");
    world = await openTestServer({ metrics }, writeSampleMorning);
    world.control.current = engineStatus(world.clock, {
      guardHeld: "too many stops",
      running: [{ run: "a", job: "a", status: "running" }],
      budgets: [
        {
          budget: "churn",
          period: "2026-11",
          spent: { amount: "312.4", currency: "USD" },
          limit: { amount: "400", currency: "USD" },
          state: "ok",
        },
      ],
    });
    const run = sampleRun("x", world.clock.now());
    const ended = {
      type: "run.ended",
      run: run.run,
      endedAt: world.clock.now(),
      reason: "r",
      component: "workload",
    } as const;
    const stretch = { from: SAMPLE_DAY, to: SAMPLE_DAY, firstFire: "f", lastFire: "f", detail: "d" };
    await world.control.append(
      { type: "run.created", run },
      { ...ended, status: "failed" },
      { type: "run.stopping", run: run.run, mode: "hard", cause: "guard", by: "guard", reason: "idle", epoch: 1 },
      { type: "fire.missed", job: "x", count: 7, reason: "daemonDown", ...stretch },
    );
    metrics.observeDispatchLag(0.002);
    metrics.observeAppend(0.0008);
    const { status, text, headers } = await call(world, { path: "/metrics" });
    expect([status, headers["content-type"]]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
    expect({
      ended: value(text, 'rota_runs_ended_total{status="failed"}'),
      stops: value(text, 'rota_stops_total{cause="guard",mode="hard"}'),
      missed: value(text, 'rota_fires_not_started_total{outcome="missed",reason="daemonDown"}'),
      running: value(text, 'rota_runs_in_flight{status="running"}'),
      held: value(text, "rota_guard_held"),
      ready: value(text, "rota_ready"),
      spent: value(text, 'rota_budget_spent{budget="churn",currency="USD"}'),
      today: value(text, 'rota_spend_today{currency="USD",basis="metered"}'),
      lag: value(text, 'rota_dispatch_lag_seconds_bucket{le="0.0025"}'),
      append: value(text, "rota_ledger_append_seconds_count"),
      build: value(text, 'rota_build_info{version="0.1.0"}'),
      loop: value(text, "nodejs_eventloop_lag_p99_seconds") !== undefined,
    }).toEqual({
      ended: "1",
      stops: "1",
      missed: "7",
      running: "1",
      held: "1",
      ready: "1",
      spent: "312.4",
      today: "1.355434546",
      lag: "1",
      append: "1",
      build: "1",
      loop: true,
    });
  });

  test("forgets a status that is gone", async () => {
    world.control.current = engineStatus(world.clock, { running: [{ run: "a", job: "a", status: "running" }] });
    await call(world, { path: "/metrics" });
    world.control.current = engineStatus(world.clock);
    expect((await call(world, { path: "/metrics" })).text).not.toContain('rota_runs_in_flight{status="running"}');
  });
});
