import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FunctionFacts } from "../../../../providers/aws/runs/functions/facts.ts";
import { lifeOf } from "../../../../providers/aws/runs/functions/life.ts";
import { readLine, readPrinted } from "../../../../providers/aws/runs/functions/line.ts";
import { type Attempt, InvocationTable, verdictOf } from "../../../../providers/aws/runs/functions/table.ts";
import { DAY, type Job, type JsonObject, MINUTE } from "../../../../src/model/index.ts";
import { statementsOf } from "../../../clouds/aws/policy.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";
import { type Answers, type Fake, OWNER, openFake, serviceError } from "./support.ts";

const ID = "d5d410e5-7406-5a1b-888e-4aa7492a313d";
const MIB = 2 ** 20;

describe("a line of a function's log", () => {
  const report = `REPORT RequestId: ${ID}\tDuration: 201.67 ms\tBilled Duration: 202 ms\tMemory Size: 2048 MB\tMax Memory Used: 81 MB\t`;
  const record = (type: string, more: object) => JSON.stringify({ time: "", type, record: { requestId: ID, ...more } });
  const metrics = { durationMs: 18.5, billedDurationMs: 19, memorySizeMB: 2048, maxMemoryUsedMB: 246 };
  const billed = { kind: "report", id: ID, durationMs: 201.67, billedMs: 202, memoryBytes: 2048 * MIB };
  const recorded = { kind: "report", id: ID, durationMs: 18.5, billedMs: 19, memoryBytes: 2048 * MIB };

  it.each<[string, string, unknown]>([
    ["a start", `START RequestId: ${ID} Version: $LATEST\n`, { kind: "start", id: ID }],
    ["a report, which does not say how it ended", report, { ...billed, verdict: "untold" }],
    ["of a cold start", `${report}Init Duration: 480.25 ms\tXRAY TraceId: 1-61\n`, { ...billed, verdict: "untold" }],
    [
      "a timeout",
      `${report}Status: timeout`,
      { ...billed, verdict: "failed", reason: "it ran into its time limit at Lambda" },
    ],
    [
      "an error of the runtime",
      `${report}Status: error\tError Type: Runtime.OutOfMemory`,
      { ...billed, verdict: "failed", reason: "Lambda says: error, Runtime.OutOfMemory" },
    ],
    ["a start as JSON", record("platform.start", { version: "$LATEST" }), { kind: "start", id: ID }],
    [
      "a success as JSON",
      record("platform.report", { metrics, status: "success" }),
      { ...recorded, verdict: "succeeded" },
    ],
    [
      "a failure as JSON",
      record("platform.report", { metrics, status: "failure", errorType: "Function.Unknown" }),
      { ...recorded, verdict: "failed", reason: "Lambda says: failure, Function.Unknown" },
    ],
    ["what the function says itself", `2026\t${ID}\tINFO\tREPORT RequestId: ${ID} Duration: 1 ms`, undefined],
    ["a start of somebody's own", `START RequestId: load Version: 1`, undefined],
    ["other records", record("platform.runtimeDone", { status: "success" }), undefined],
    ["a record that is cut off", '{"type":"platform.report","record":{"requestId":', undefined],
    [
      "a report without figures",
      `REPORT RequestId: ${ID}\tnothing`,
      { kind: "report", id: ID, durationMs: 0, verdict: "untold" },
    ],
  ])("%s", (_what, message, expected) => {
    expect(readLine(message)).toEqual(expected);
  });

  const mark = { ...OWNER, job: "load", fire: "2026-11-24T06:00:00Z" };
  it.each([
    ["as JSON", JSON.stringify({ table: "sales", rota: mark })],
    ["by itself", `rota=${JSON.stringify(mark)}`],
    ["spread over lines", JSON.stringify({ rota: mark }, null, 2)],
    ["in JSON within JSON", JSON.stringify({ requestId: ID, message: JSON.stringify({ rota: mark }) })],
    ["by Python", `{'table': 'sales', 'rota': ${JSON.stringify(mark).replaceAll('"', "'").replaceAll(":'", ": '")}}`],
    ["by Node", `{ rota: { namespace: 'acme', environment: 'dev', job: 'load', fire: '2026-11-24T06:00:00Z' } }`],
  ])("has the mark that the function printed %s", (_how, message) => {
    expect(readPrinted(message)).toEqual(mark);
  });

  it("has no mark where it says something else of rota", () => {
    expect(readPrinted('{"rota":{"job":"load"}}')).toBeUndefined();
    expect(readPrinted("started by rota")).toBeUndefined();
    expect(readPrinted(JSON.stringify({ rota: { ...mark, run: "load.m1.1" } }))).toMatchObject({ run: "load.m1.1" });
  });
});

describe("what CloudWatch counts of a minute's attempts", () => {
  const ended = (...verdicts: readonly NonNullable<Attempt["end"]>["verdict"][]): readonly Attempt[] =>
    verdicts.map((verdict) => ({ stream: "a", startedAt: 0, end: { at: 1, verdict } }));

  it.each([
    [["untold", "untold"], 2, 0, "succeeded"],
    [["untold", "untold"], 2, 2, "failed"],
    [["untold", "untold"], 2, 1, "lost"],
    [["untold", "failed"], 2, 1, "succeeded"],
    [["untold", "succeeded"], 2, 1, "failed"],
    [["untold", "failed"], 1, 1, "untold"],
    [["untold"], 3, 1, "lost"],
  ] as const)("%j of %d that were invoked and %d that failed: %s", (verdicts, invoked, failed, expected) => {
    expect(verdictOf(ended(...verdicts), { invoked, failed })).toBe(expected);
  });
});

describe("the life of an invocation", () => {
  const facts: FunctionFacts = {
    name: "report",
    logGroup: "/aws/lambda/report",
    isGroupNamed: false,
    isLogged: true,
    timeoutMs: 60_000,
    memoryBytes: 128 * MIB,
    service: "lambda",
    isPriced: true,
  };
  const attempt = (startedAt: number, end?: Partial<NonNullable<Attempt["end"]>>): Attempt => ({
    stream: "a",
    startedAt,
    ...(end && { end: { at: startedAt + 1000, billedMs: 1000, memoryBytes: 128 * MIB, verdict: "failed", ...end } }),
  });
  const life = (attempts: readonly Attempt[], upTo: number, more: Partial<FunctionFacts> = {}) =>
    lifeOf({ id: ID, attempts }, { ...facts, ...more }, upTo);

  it("is over only when Lambda tries it no more: a minute after the first failure, two after the second, never after the third", () => {
    expect(life([attempt(0, {})], 4 * MINUTE).phase).toBe("running");
    expect(life([attempt(0, {})], 4 * MINUTE + 1000).outcome).toBe("failed");
    const two = [attempt(0, {}), attempt(MINUTE, {})];
    expect(life(two, 6 * MINUTE).phase).toBe("running");
    expect(life([...two, attempt(3 * MINUTE, {})], 3 * MINUTE + 2000)).toMatchObject({
      outcome: "failed",
      reason: expect.stringContaining("attempt 3"),
      billed: { billedMs: 3000, starts: 3 },
    });
  });

  it("whose end is not in the log is lost when its time is long over, and not before", () => {
    expect(life([attempt(0)], 4 * MINUTE).phase).toBe("running");
    const lost = { phase: "ended", outcome: "lost", endedAt: MINUTE };
    expect(life([attempt(0)], 4 * MINUTE + 1)).toMatchObject(lost);
    expect(life([attempt(0)], 3 * DAY)).toMatchObject(lost);
  });

  it("has no price where Lambda's own figures give none", () => {
    const succeeded = { verdict: "succeeded" } as const;
    expect(life([attempt(0, succeeded)], MINUTE).billed).toMatchObject({ billedMs: 1000, starts: 1 });
    expect(life([attempt(0, succeeded)], MINUTE, { isPriced: false }).billed).toBeUndefined();
    const resized = [attempt(0, {}), attempt(MINUTE, { ...succeeded, memoryBytes: 256 * MIB })];
    expect(life(resized, 2 * MINUTE).billed).toBeUndefined();
  });
});

describe("what a log tells, line by line", () => {
  const stream = "2026/11/24/[$LATEST]a";
  const start = { at: 1000, stream, message: `START RequestId: ${ID} Version: 1` };
  const report = { at: 3000, stream, message: `REPORT RequestId: ${ID}\tDuration: 2000 ms\tStatus: timeout` };

  it("is the same however often a line is read, and whichever are read first", () => {
    const table = new InvocationTable();
    table.add([start]);
    table.add([start, report]);
    table.add([report]);
    expect(table.get(ID)?.attempts).toHaveLength(1);
    expect(table.get(ID)?.attempts[0]).toMatchObject({ startedAt: 1000, end: { at: 3000, verdict: "failed" } });
  });

  it("where the reading begins in the middle of an attempt, its report says when it began", () => {
    const table = new InvocationTable();
    table.add([report]);
    expect(table.get(ID)?.attempts).toMatchObject([{ startedAt: 1000, end: { at: 3000 } }]);
    table.forget(3001);
    expect([...table]).toEqual([]);
  });
});

const ARN = "arn:aws:lambda:us-east-1:123456789012:function:report";

describe("a target whose runs are read from its log", () => {
  const target = (said: JsonObject, change: Partial<Job> = {}) => ({
    job: {
      ...job("load", { ...OWNER, workload: { kind: "target" }, schedule: cron("0 6 * * *"), ...change }),
      options: { target: said },
    },
  });
  const schedule = (Name: string, input: object, Arn = ARN) => ({
    Name,
    GroupName: "rota.acme.dev",
    ScheduleExpression: "cron(0 6 * * ? *)",
    Target: { Arn, Input: JSON.stringify(input) },
  });
  /** Schedules by name, and what the log of the function has. */
  const open = (schedules: readonly ReturnType<typeof schedule>[], answers: Answers): Promise<Fake> =>
    openFake({
      "ecs:ListTasks": () => ({ taskArns: [] }),
      "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [{ Name: "rota.acme.dev", Arn: "arn" }] }),
      "scheduler:ListTagsForResource": () => ({
        Tags: Object.entries(OWNER).map(([key, Value]) => ({ Key: `rota:${key}`, Value })),
      }),
      "scheduler:ListSchedules": () => ({ Schedules: schedules.map(({ Name, Target }) => ({ Name, Target })) }),
      "scheduler:GetSchedule": ({ Name }) => schedules.find((each) => each.Name === Name),
      "lambda:GetFunctionConfiguration": () => ({ MemorySize: 128, Timeout: 60 }),
      ...answers,
    });
  const marked = (name: string, more: object = { runs: "log" }) => ({ rota: { ...OWNER, job: name, ...more } });

  it.each([
    [{ stateMachine: "arn:aws:states:us-east-1:123456789012:stateMachine:load", runs: "log" }, "runs goes with lambda"],
    [{ lambda: ARN, runs: "all" }, "must be log"],
  ])("%j is refused: %s", async (said, reason) => {
    const { provider } = await openFake({});
    expect(provider.render(target(said), NOW).refusal?.reason).toContain(reason);
  });

  it("is asked for by the plan where it is left out, and noted in the schedule where it is not", async () => {
    const { provider } = await openFake({});
    const without = target({ lambda: ARN });
    expect(provider.render(without, NOW).warnings.join()).toContain("runs: log");
    expect(provider.unseen?.(without.job)).toContain("Lambda lists no invocations");
    expect(provider.render(without, NOW).resources[0]?.fields["input"]).not.toMatchObject({ rota: { runs: "log" } });
    const { resources } = provider.render(target({ lambda: ARN, runs: "log" }), NOW);
    expect(resources[0]?.fields["input"]).toMatchObject({ rota: { job: "load", runs: "log" } });
  });

  it("may read that function, its log, and what CloudWatch counts", async () => {
    const { provider } = await openFake({});
    const documents = provider.permissions?.([target({ lambda: `${ARN}:live`, runs: "log" })]) ?? [];
    const by = Object.fromEntries(statementsOf(documents, "rota-policy").map(({ Sid, Resource }) => [Sid, Resource]));
    expect(by).toMatchObject({
      Functions: [`${ARN}:live`],
      FunctionLogs: ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/report:*"],
      LookAtFunctions: "*",
    });
    const without = statementsOf(provider.permissions?.([target({ lambda: ARN })]) ?? [], "rota-policy");
    expect(without.map(({ Sid }) => Sid)).not.toContain("Functions");
  });

  it("a log that may not be read is no failure of a start: it was sent, and is followed by its id", async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "rota-functions-"));
    try {
      const denied = () => {
        throw serviceError("AccessDeniedException", 403);
      };
      const answers: Answers = {
        "lambda:Invoke": () => ({ StatusCode: 202, $metadata: { requestId: ID } }),
        "lambda:GetFunctionConfiguration": denied,
      };
      const { provider, calls } = await openFake(answers, {}, { stateDir });
      const wanted = target({ lambda: ARN, runs: "log" });
      const request = { run: "load.m.1", job: wanted.job, attempt: 1, fireAt: NOW, env: {} };
      const state = await provider.start(request);
      expect(state).toMatchObject({ phase: "starting", handle: { lambda: ARN, invocation: ID }, startedBy: "rota" });
      await expect(provider.inspect(state.handle)).rejects.toMatchObject({ code: "denied" });
      expect(provider.unstoppable?.(state.handle)).toContain("Lambda stops no invocation");
      await expect(provider.start(request)).rejects.toMatchObject({ code: "denied" });
      expect(calls.filter(({ call }) => call === "lambda:Invoke")).toHaveLength(1);
    } finally {
      await rm(stateDir, { recursive: true });
    }
  });

  it("a run that was seen and is no longer in the log took no longer than the function may, however late that is asked", async () => {
    const handle = { lambda: ARN, invocation: ID, since: NOW - 3 * DAY };
    const answers: Answers = { "logs:FilterLogEvents": () => ({ events: [] }) };
    const { provider } = await open([schedule("load.1", marked("load"))], answers);
    const lost = { phase: "ended", outcome: "lost", startedAt: handle.since };
    expect(await provider.inspect(handle)).toMatchObject({
      ...lost,
      job: "load",
      endedAt: handle.since + MINUTE,
      billed: { service: "lambda", memoryBytes: 128 * MIB },
    });
    await expect(provider.inspect({ ...handle, since: NOW - MINUTE })).rejects.toMatchObject({ code: "missing" });
    const gone = () => {
      throw serviceError("ResourceNotFoundException", 404);
    };
    const { provider: after } = await open([], { ...answers, "lambda:GetFunctionConfiguration": gone });
    expect(await after.inspect(handle)).toMatchObject({ ...lost, endedAt: handle.since + 15 * MINUTE });
  });

  it("a run that was seen is followed to its end when its schedule is gone", async () => {
    const events = [{ timestamp: NOW, logStreamName: "a", message: `START RequestId: ${ID} Version: 1` }];
    const { provider } = await open([], { "logs:FilterLogEvents": () => ({ events }) });
    const handle = { lambda: ARN, invocation: ID, since: NOW };
    expect(await provider.inspect(handle)).toMatchObject({ handle, phase: "running", startedAt: NOW });
  });

  it("nothing is asked of functions without it", async () => {
    const { provider, calls } = await open([schedule("load.1", marked("load", {}))], {});
    expect(await provider.listRuns(0)).toEqual([]);
    expect(calls.map(({ call }) => call).filter((call) => !/^(?:scheduler|sts|ecs):/.test(call))).toEqual([]);
  });

  it("in a group that functions share, the streams of this one are read alone", async () => {
    const events = ["report", "reports", "other"].map((name, index) => ({
      timestamp: NOW + index,
      logStreamName: `2026/11/24/${name}[$LATEST]a`,
      message: `START RequestId: ${ID.replace("d5", `0${index}`)} Version: 1`,
    }));
    const { provider, calls } = await open([schedule("load.1", marked("load"))], {
      "lambda:GetFunctionConfiguration": () => ({ Timeout: 60, LoggingConfig: { LogGroup: "/jobs" } }),
      "logs:FilterLogEvents": () => ({ events }),
    });
    expect(await provider.listRuns(NOW)).toMatchObject([{ job: "load", startedAt: NOW }]);
    expect(calls.find(({ call }) => call === "logs:FilterLogEvents")?.input).toMatchObject({ logGroupName: "/jobs" });
  });

  it("of two jobs that share it, an invocation belongs to the one whose fire it follows", async () => {
    const six = Date.UTC(2026, 10, 24, 6);
    const noon = { ...schedule("noon.1", marked("noon")), ScheduleExpression: "cron(0 12 * * ? *)" };
    const events = [six + 5000, six + 6 * 60 * MINUTE + 5000, six + 3 * 60 * MINUTE].map((timestamp, index) => ({
      timestamp,
      logStreamName: "a",
      message: `START RequestId: ${ID.replace("d5", `0${index}`)} Version: 1`,
    }));
    const { provider } = await open([schedule("load.1", marked("load")), noon], {
      "logs:FilterLogEvents": () => ({ events }),
    });
    expect((await provider.listRuns(0)).map(({ job: of }) => of).sort()).toEqual(["load", "load", "noon"]);
  });

  it("looking at one run does not have the log read from its beginning again for the listing", async () => {
    const events = [{ timestamp: NOW - 5 * MINUTE, logStreamName: "a", message: `START RequestId: ${ID} Version: 1` }];
    const { provider, calls, clock } = await open([schedule("load.1", marked("load"))], {
      "lambda:GetFunctionConfiguration": () => ({ MemorySize: 128, Timeout: 900 }),
      "logs:FilterLogEvents": ({ endTime }) => ({
        events: events.filter(({ timestamp }) => timestamp < Number(endTime)),
      }),
    });
    const oldest = NOW - 600 * MINUTE;
    const [run] = await provider.listRuns(oldest);
    for (let round = 0; round < 3; round += 1) {
      await clock.advance(MINUTE);
      await provider.inspect(run?.handle ?? null);
      await clock.advance(MINUTE);
      await provider.listRuns(oldest);
    }
    const from = calls.flatMap(({ call, input }) =>
      call === "logs:FilterLogEvents" ? [Number(input["startTime"])] : [],
    );
    expect(from).toHaveLength(7);
    expect(from.filter((at) => at < NOW - 10 * MINUTE)).toHaveLength(1);
  });

  const load = target({ lambda: ARN, runs: "log" }).job;
  const denied = () => {
    throw serviceError("AccessDeniedException", 403);
  };
  const missing = () => {
    throw serviceError("ResourceNotFoundException", 404);
  };
  const invoked = (count: number): Answers => ({
    "logs:FilterLogEvents": missing,
    "cloudwatch:GetMetricData": ({ StartTime }) => ({
      MetricDataResults: [
        {
          Id: "invoked",
          StatusCode: "Complete",
          ...(count > 0 ? { Timestamps: [StartTime as Date], Values: [count] } : {}),
        },
      ],
    }),
  });

  it.each<[string, Answers, string]>([
    ["that may not be read", { "logs:FilterLogEvents": denied }, "may not be read"],
    ["of a function that may not be read", { "lambda:GetFunctionConfiguration": denied }, "may not be read"],
    [
      "that has warnings alone",
      {
        "lambda:GetFunctionConfiguration": () => ({ Timeout: 60, LoggingConfig: { SystemLogLevel: "WARN" } }),
        "logs:FilterLogEvents": () => ({ events: [] }),
      },
      "SystemLogLevel",
    ],
    ["that is not there, of a function that was invoked", invoked(1), "is invoked"],
  ])("a log %s hides this job's runs, no others, for as long as that is so", async (_what, answers, reason) => {
    const other = ARN.replace("report", "other");
    const isOther = (input: Readonly<Record<string, unknown>>): boolean => JSON.stringify(input).includes("other");
    let isSo = true;
    const events = [{ timestamp: NOW, logStreamName: "a", message: `START RequestId: ${ID} Version: 1` }];
    const usual: Answers = {
      "lambda:GetFunctionConfiguration": () => ({ MemorySize: 128, Timeout: 60 }),
      "logs:FilterLogEvents": () => ({ events }),
    };
    const either =
      (call: "lambda:GetFunctionConfiguration" | "logs:FilterLogEvents"): NonNullable<Answers[typeof call]> =>
      (input) =>
        ((isSo && !isOther(input) && answers[call]) || usual[call])?.(input) as never;
    const { provider, clock } = await open([schedule("load.1", marked("load")), schedule("z.1", marked("z"), other)], {
      ...answers,
      "lambda:GetFunctionConfiguration": either("lambda:GetFunctionConfiguration") as never,
      "logs:FilterLogEvents": either("logs:FilterLogEvents") as never,
    });
    expect(provider.unseen?.(load)).toBeUndefined();
    expect(await provider.listRuns(NOW)).toMatchObject([{ job: "z" }]);
    expect(provider.unseen?.(load)).toContain(reason);
    expect(provider.unseen?.({ ...load, name: "z" })).toBeUndefined();
    isSo = false;
    await clock.advance(11 * MINUTE);
    expect(await provider.listRuns(NOW)).toMatchObject([{ job: "load" }, { job: "z" }]);
    expect(provider.unseen?.(load)).toBeUndefined();
  });

  it("a group that is not there of a function that nobody invoked hides nothing: its fires came to nothing", async () => {
    const { provider } = await open([schedule("load.1", marked("load"))], invoked(0));
    expect(await provider.listRuns(NOW)).toEqual([]);
    expect(provider.unseen?.(load)).toBeUndefined();
  });

  it("a log that cannot be read for any other reason stops the listing", async () => {
    const { provider } = await open([schedule("load.1", marked("load"))], {
      "logs:FilterLogEvents": () => {
        throw serviceError("InvalidParameterException");
      },
    });
    await expect(provider.listRuns(NOW)).rejects.toMatchObject({ code: "invalid" });
    expect(provider.unseen?.(load)).toBeUndefined();
  });

  it("what a job started last is seen when the job has been removed since, and what others start later is not", async () => {
    let events = [{ timestamp: NOW - 3 * MINUTE, logStreamName: "a", message: `START RequestId: x` }];
    let schedules = [schedule("load.1", marked("load"))];
    const { provider, clock } = await open([], {
      "scheduler:ListSchedules": () => ({ Schedules: schedules.map(({ Name, Target }) => ({ Name, Target })) }),
      "scheduler:GetSchedule": () => schedules[0],
      "logs:FilterLogEvents": () => ({ events }),
    });
    expect(await provider.listRuns(NOW - MINUTE)).toEqual([]);
    schedules = [];
    const later = ID.replace("d5", "00");
    events = [
      { timestamp: NOW + 1000, logStreamName: "a", message: `START RequestId: ${ID} Version: 1` },
      { timestamp: NOW + 6 * MINUTE, logStreamName: "b", message: `START RequestId: ${later} Version: 1` },
    ];
    await clock.advance(3 * MINUTE);
    expect(await provider.listRuns(NOW - MINUTE)).toMatchObject([{ job: "load", startedAt: NOW + 1000 }]);
    await clock.advance(4 * MINUTE);
    expect(await provider.listRuns(NOW - MINUTE)).toMatchObject([{ job: "load", startedAt: NOW + 1000 }]);
  });

  it("of an attempt so long ago that CloudWatch has no minutes of it, how it ended is not told", async () => {
    const report = `REPORT RequestId: ${ID}\tDuration: 5 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB`;
    const { provider, calls } = await open([schedule("load.1", marked("load"))], {
      "logs:FilterLogEvents": ({ startTime }) => ({
        events:
          Number(startTime) < NOW - 30 * DAY
            ? [{ timestamp: NOW - 30 * DAY, logStreamName: "a", message: report }]
            : [],
      }),
    });
    const handle = { lambda: ARN, invocation: ID, since: NOW - 30 * DAY };
    expect(await provider.inspect(handle)).toMatchObject({ outcome: "lost", billed: { billedMs: 5 } });
    expect(calls.map(({ call }) => call)).not.toContain("cloudwatch:GetMetricData");
  });

  it("a log that does not end is read piece by piece: until it is through, nothing is listed", async () => {
    let page = 0;
    const { provider, clock } = await open([schedule("load.1", marked("load"))], {
      "logs:FilterLogEvents": ({ nextToken }) => {
        expect(nextToken).toBe(page === 0 ? undefined : `t${page}`);
        page += 1;
        return { events: [], ...(page < 100 ? { nextToken: `t${page}` } : {}) };
      },
    });
    await expect(provider.listRuns(0)).rejects.toMatchObject({
      code: "unavailable",
      fix: expect.stringContaining("runs: log"),
    });
    // What the limiter lets through.
    await clock.advance(5000);
    expect(await provider.listRuns(0)).toEqual([]);
    expect(page).toBe(100);
  });
});
