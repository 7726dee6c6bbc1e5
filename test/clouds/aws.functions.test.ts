import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DesiredJob, HOUR, type JsonObject, MINUTE, SECOND } from "../../src/model/index.ts";
import type { LogChunk, Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import type { Fault } from "./aws/front.ts";
import { report, reportRecord } from "./aws/functions.ts";
import { allowedActions } from "./aws/policy.ts";
import { ACCOUNT, AwsWorld, REGION, WHY_SKIPPED } from "./aws/world.ts";

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, functions${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let provider: Provider;
    /** A function of this world alone, for moto's logs are shared. */
    let name: string;
    let arn: string;
    beforeEach(async () => {
      world = await AwsWorld.open();
      provider = await world.provider();
      name = `report-${world.cluster}`;
      arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
      world.front.functions.known.set(name, {});
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      await provider.close();
      await world.close();
    });

    const desired = (more: JsonObject = { runs: "log" }, of = "load"): DesiredJob => ({
      job: {
        ...job(of, { ...world.owner, placement: "aws", workload: { kind: "target" }, schedule: cron("0 6 * * *") }),
        options: { target: { lambda: arn, ...more } },
      },
    });
    const request = (run = "load.x.1") => ({ run, job: desired().job, attempt: 1, fireAt: 0, env: {} });
    const write = (lines: readonly string[], stream = "2026/11/24/[$LATEST]a") =>
      world.writeLog(stream, lines, `/aws/lambda/${name}`);
    const start = (id: string) => `START RequestId: ${id} Version: $LATEST`;
    /** An attempt that takes so long, and what is printed in between. */
    const attempt = async (id: string, ms: number, end: string, printed: readonly string[] = []) => {
      const began = world.clock.now();
      await write([start(id), ...printed]);
      await world.clock.sleep(ms);
      await write([`END RequestId: ${id}`, end]);
      return began;
    };
    /** Until the log is read again. */
    const later = (ms = MINUTE) => world.clock.sleep(ms);

    it("what the schedule invokes is a run that is seen, followed to its end and told what it was billed", async () => {
      const wanted = desired();
      expect(provider.unseen?.(wanted.job)).toBeUndefined();
      expect(provider.render(wanted, world.clock.now()).warnings.join()).toContain("no run of it can be stopped");
      await deploy(provider, wanted);
      const since = world.clock.now();
      expect(await provider.listRuns(since)).toEqual([]);
      const id = await world.fire("load.1", since);
      expect(world.front.functions.invoked[0]?.payload).toMatchObject({ rota: { job: "load" } });
      await later();
      const began = world.clock.now();
      await write([start(id), "working"]);
      await later(30 * SECOND);
      const [running, ...others] = await provider.listRuns(since);
      expect(others).toEqual([]);
      const billed = { service: "lambda", memoryBytes: 2 ** 27 };
      expect(running).toMatchObject({ job: "load", phase: "running", startedBy: "unknown", startedAt: began, billed });
      const handle = running?.handle ?? null;
      expect(await codeOf(provider.stop(handle, "hard"))).toBe("unsupported");
      await write([reportRecord(id, { ms: 30_000 })]);
      const ended = world.clock.now();
      await later();
      const [state] = await provider.listRuns(since);
      expect(state).toMatchObject({ handle, phase: "ended", outcome: "succeeded", startedAt: began, endedAt: ended });
      expect(state?.billed).toEqual({ ...billed, billedMs: 30_000, starts: 1 });
      expect(await provider.inspect(handle)).toEqual(state);
      await provider.stop(handle, "hard");
      expect(await provider.measure(handle, 0)).toEqual([]);
      const allowed = allowedActions(provider.permissions?.([wanted]) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
    });

    it.each([
      ["succeeded", 0, "succeeded", ""],
      ["failed", 1, "failed", "its log says how"],
    ] as const)(
      "as text its log does not say that it %s: what CloudWatch counts does, once it has counted",
      async (_what, errors, outcome, reason) => {
        await deploy(provider, desired());
        const since = world.clock.now();
        const ids = [await world.invoke(arn), await world.invoke(arn)];
        for (const id of ids) {
          const began = await attempt(id, 10, report(id, { ms: 10 }));
          world.front.deliveries.count(name, "Invocations", began);
          if (errors > 0) world.front.deliveries.count(name, "Errors", began);
        }
        await later();
        expect((await provider.listRuns(since)).map(({ phase }) => phase)).toEqual(["running", "running"]);
        await later(10 * MINUTE);
        const states = await provider.listRuns(since);
        expect(states.map((each) => each.outcome)).toEqual([outcome, outcome]);
        expect(states[0]?.reason ?? "").toContain(reason);
      },
    );

    it("of one that failed among others that did not, the log as text does not say which: neither is guessed", async () => {
      await deploy(provider, desired());
      // Both begin within one minute.
      await later(MINUTE - (world.clock.now() % MINUTE));
      const since = world.clock.now();
      for (const id of [await world.invoke(arn), await world.invoke(arn)]) {
        world.front.deliveries.count(name, "Invocations", await attempt(id, 10, report(id, { ms: 10 })));
      }
      world.front.deliveries.count(name, "Errors", since);
      await later(10 * MINUTE);
      const states = await provider.listRuns(since);
      expect(states.map((each) => each.outcome)).toEqual(["lost", "lost"]);
      expect(states[0]?.reason).toContain("JSON");
    });

    it("one that Lambda tries again is one run, which bills each attempt and ends with the last", async () => {
      await deploy(provider, desired());
      const since = world.clock.now();
      const id = await world.invoke(arn);
      await attempt(id, 100, report(id, { ms: 60_000, status: "timeout" }));
      await later();
      expect(await provider.listRuns(since)).toMatchObject([{ phase: "running" }]);
      await attempt(id, 50, reportRecord(id, { ms: 50 }), []);
      await later();
      const [state, ...others] = await provider.listRuns(since);
      expect(others).toEqual([]);
      expect(state).toMatchObject({ outcome: "succeeded", startedAt: since, billed: { billedMs: 60_050, starts: 2 } });
    });

    it("one that Lambda does not try again has failed when it would have been", async () => {
      await deploy(provider, desired());
      const since = world.clock.now();
      const id = await world.invoke(arn);
      await attempt(id, 100, report(id, { ms: 60_000, status: "timeout" }));
      await later(6 * MINUTE);
      expect(await provider.listRuns(since)).toMatchObject([
        { outcome: "failed", reason: expect.stringContaining("time limit"), endedAt: since + 100 },
      ]);
    });

    it("a function that prints what it was given says whose run it is, also to two jobs that share it", async () => {
      await deploy(provider, desired());
      await deploy(provider, desired({ runs: "log" }, "other"));
      const since = world.clock.now();
      const mark = { ...world.owner, job: "other", fire: "2026-11-24T06:00:00Z" };
      const told = await world.invoke(arn);
      await attempt(told, 10, reportRecord(told, { ms: 10 }), [`event: ${JSON.stringify({ rota: mark })}`]);
      const foreign = await world.invoke(arn);
      const theirs = `{ rota: { namespace: 'theirs', environment: 'dev', job: 'load' } }`;
      await attempt(foreign, 10, reportRecord(foreign, { ms: 10 }), [theirs]);
      await later();
      expect(await provider.listRuns(since)).toMatchObject([
        { job: "other", startedBy: "schedule", fireAt: Date.UTC(2026, 10, 24, 6) },
      ]);
      expect((await provider.listRuns(since)).length).toBe(1);
    });

    it("a start by rota is followed by the id of its request, and found after the daemon's end", async () => {
      await deploy(provider, desired());
      const { handle, phase } = await provider.start(request());
      expect(phase).toBe("starting");
      const [{ id = "" } = {}] = world.front.functions.invoked;
      expect(handle).toMatchObject({ lambda: arn, invocation: id });
      expect(await provider.start(request())).toMatchObject({ handle });
      expect(world.front.functions.invoked).toHaveLength(1);
      await attempt(id, 20, reportRecord(id, { ms: 20 }));
      await later();
      const other = await world.provider();
      expect(await other.find("load.x.1")).toMatchObject({
        handle,
        run: "load.x.1",
        startedBy: "rota",
        outcome: "succeeded",
      });
      await other.close();
      expect(await provider.listRuns(0)).toMatchObject([{ handle, run: "load.x.1", startedBy: "rota" }]);
      // The log of a day ago is asked for once more, and the listing goes on as before.
      await later(24 * HOUR);
      await provider.listRuns(world.clock.now() - HOUR);
      expect(await provider.inspect(handle)).toMatchObject({ outcome: "succeeded" });
      expect(await provider.listRuns(world.clock.now() - HOUR)).toEqual([]);
    });

    it("a start that is never in the log is lost when Lambda keeps it no longer", async () => {
      await deploy(provider, desired());
      const { handle } = await provider.start(request());
      await later(5 * HOUR);
      expect((await provider.inspect(handle)).phase).toBe("starting");
      await later(2 * HOUR);
      expect(await provider.inspect(handle)).toMatchObject({ outcome: "lost", reason: expect.stringContaining("log") });
    });

    it("logs are the lines of its own attempt, and go on to the end of the run", async () => {
      await deploy(provider, desired());
      const since = world.clock.now();
      const [one = "", two = ""] = [await world.invoke(arn), await world.invoke(arn)];
      await attempt(one, 10, reportRecord(one, { ms: 10 }), ["of the first"]);
      await later(SECOND);
      await write([start(two), "of the second"]);
      await later();
      const handle = (await provider.listRuns(since)).at(-1)?.handle ?? null;
      const chunks: LogChunk[] = [];
      for await (const chunk of provider.logs(handle, { follow: true })) {
        chunks.push(chunk);
        if (chunk.text.includes("of the second")) await write(["at last", reportRecord(two, { ms: 10 })]);
      }
      const text = chunks.map((chunk) => chunk.text).join("");
      expect(text).toMatch(/of the second.*at last.*platform.report/s);
      expect(text).not.toContain("of the first");
    });

    it("the log is read whole or not at all, and goes on where it stood", async () => {
      await deploy(provider, desired());
      const since = world.clock.now();
      const ids = [await world.invoke(arn), await world.invoke(arn), await world.invoke(arn)];
      for (const id of ids) await attempt(id, 10, reportRecord(id, { ms: 10 }));
      world.front.logPageSize = 2;
      const fails = (isSecond: boolean, fault: Fault) => {
        world.front.fault = ({ operation, body }) =>
          operation === "FilterLogEvents" && (body["nextToken"] !== undefined) === isSecond ? fault : undefined;
      };
      fails(false, { kind: "status", status: 400, name: "AccessDeniedException" });
      expect(await provider.listRuns(since)).toEqual([]);
      expect(provider.unseen?.(desired().job)).toContain("may not be read");
      fails(true, { kind: "status", status: 400, name: "InvalidParameterException" });
      expect(await codeOf(provider.listRuns(since))).toBe("invalid");
      world.front.fault = () => undefined;
      expect(await provider.listRuns(since)).toHaveLength(3);
      expect(provider.unseen?.(desired().job)).toBeUndefined();
      const before = world.calls.length;
      await provider.listRuns(since);
      expect(world.calls.slice(before).filter((call) => call.startsWith("logs:"))).toEqual([]);
      world.front.fault = ({ operation }) =>
        operation === "GetFunctionConfiguration"
          ? { kind: "status", status: 403, name: "AccessDeniedException" }
          : undefined;
      await later(HOUR);
      expect(await provider.listRuns(since)).toEqual([]);
      expect(provider.unseen?.(desired().job)).toContain("may not be read");
    });

    it("however many ask at once, the log is asked once", async () => {
      await deploy(provider, desired());
      const since = world.clock.now();
      const id = await world.invoke(arn);
      await write([start(id)]);
      await later();
      const [run] = await provider.listRuns(since);
      await write([reportRecord(id, { ms: 10 })]);
      await later();
      const before = world.calls.length;
      const asked = Array.from({ length: 5 }, () => provider.inspect(run?.handle ?? null));
      const [states] = await Promise.all([Promise.all(asked), provider.listRuns(since)]);
      expect(states.map(({ outcome }) => outcome)).toEqual(Array(5).fill("succeeded"));
      expect(world.calls.slice(before).filter((call) => call === "logs:FilterLogEvents")).toHaveLength(1);
    });

    it("a function that is not there, or has never run, has no runs; the doctor says why", async () => {
      await deploy(provider, desired());
      expect(await provider.listRuns(0)).toEqual([]);
      const doctor = async () => (await provider.check()).filter(({ check }) => check === "functions");
      expect(await doctor()).toMatchObject([{ ok: "warning", detail: expect.stringContaining("no log group") }]);
      await write(["hello"]);
      expect(await doctor()).toMatchObject([{ ok: true }]);
      world.front.functions.known.set(name, { LoggingConfig: { LogFormat: "JSON", SystemLogLevel: "WARN" } });
      expect(await doctor()).toMatchObject([{ ok: false, fix: expect.stringContaining("SystemLogLevel=INFO") }]);
      world.front.functions.known.delete(name);
      expect(await doctor()).toMatchObject([{ ok: false, detail: expect.stringContaining("no function") }]);
      await later(HOUR);
      expect(await provider.listRuns(0)).toEqual([]);
    });
  },
);
