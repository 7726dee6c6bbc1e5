import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../../src/model/index.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { cron, job } from "../../../support/jobs.ts";
import { type Answers, type Fake, OWNER, openFake, serviceError } from "./support.ts";

const SIX = Date.UTC(2026, 10, 24, 6);

/** What CloudWatch has of the rule: metric → minutes after six → count. */
type Counts = Readonly<Record<string, Readonly<Record<number, number>>>>;

function answerOf(counts: Counts, StatusCode = "Complete"): NonNullable<Answers["cloudwatch:GetMetricData"]> {
  return ({ MetricDataQueries, StartTime, EndTime }) => ({
    MetricDataResults: (
      MetricDataQueries as readonly { Id: string; MetricStat: { Metric: { MetricName: string } } }[]
    ).map(({ Id, MetricStat }) => {
      const points = Object.entries(counts[MetricStat.Metric.MetricName] ?? {})
        .map(([minute, count]) => ({ at: new Date(SIX + Number(minute) * MINUTE), count }))
        .filter(({ at }) => at >= (StartTime as Date) && at < (EndTime as Date));
      return { Id, StatusCode, Timestamps: points.map(({ at }) => at), Values: points.map(({ count }) => count) };
    }),
  });
}

describe("requests through EventBridge", () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "rota-requests-"));
  });
  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  /** One http job, of every day at six, as its schedule stands at EventBridge. */
  const schedule = {
    Name: "ping.1",
    GroupName: "rota.acme.dev",
    ScheduleExpression: "cron(0 6 * * ? *)",
    Target: {
      Arn: "arn:aws:scheduler:::aws-sdk:eventbridge:putEvents",
      Input: JSON.stringify({ Entries: [{ Detail: JSON.stringify({ rota: { ...OWNER, job: "ping" } }) }] }),
    },
  };
  const open = (answers: Answers, at: number): Promise<Fake> =>
    openFake(
      {
        "ecs:ListTasks": () => ({ taskArns: [] }),
        "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [{ Name: "rota.acme.dev", Arn: "arn" }] }),
        "scheduler:ListTagsForResource": () => ({
          Tags: Object.entries(OWNER).map(([key, Value]) => ({ Key: `rota:${key}`, Value })),
        }),
        "scheduler:ListSchedules": () => ({ Schedules: [{ Name: schedule.Name, Target: schedule.Target }] }),
        "scheduler:GetSchedule": () => schedule,
        ...answers,
      },
      { rulesRole: "arn:aws:iam::123456789012:role/rules" },
      { stateDir, clock: new VirtualClock({ startAt: at }) },
    );
  const workload = {
    kind: "http",
    url: "https://hooks.example/run",
    method: "POST",
    headers: {},
    secrets: {},
    timeoutSeconds: 5,
    expectStatus: [],
  } as const;
  const ping = job("ping", { ...OWNER, workload, schedule: cron("0 6 * * *") });

  it("are asked about by their rules, a minute at a time, and only as far as CloudWatch has counted", async () => {
    const counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    const { provider, calls } = await open({ "cloudwatch:GetMetricData": answerOf(counts) }, SIX + 4.5 * MINUTE);
    expect(await provider.listRuns(SIX)).toEqual([
      {
        handle: { delivery: "ping", minute: SIX, nth: 0 },
        job: "ping",
        phase: "ended",
        outcome: "succeeded",
        startedAt: SIX,
        requestedAt: SIX,
        endedAt: SIX,
        startedBy: "unknown",
      },
    ]);
    const { input: asked = {} } = calls.find(({ call }) => call === "cloudwatch:GetMetricData") ?? {};
    expect(asked).toMatchObject({ StartTime: new Date(SIX - 15 * MINUTE), EndTime: new Date(SIX + 2 * MINUTE) });
    expect((asked["MetricDataQueries"] as readonly unknown[]).slice(0, 2)).toMatchObject([
      {
        MetricStat: {
          Metric: {
            Namespace: "AWS/Events",
            MetricName: "MatchedEvents",
            Dimensions: [{ Name: "RuleName", Value: "rota.acme.dev.ping" }],
          },
          Period: 60,
          Stat: "Sum",
        },
      },
      { MetricStat: { Metric: { MetricName: "Invocations" } } },
    ]);
    expect(provider.unseen?.(ping)).toBeUndefined();
    expect(await provider.check()).toContainEqual(expect.objectContaining({ check: "requests", ok: true }));
    expect(provider.listingDelaySeconds?.(ping)).toBe(600);
    expect(provider.listingDelaySeconds?.(job("other", OWNER))).toBe(0);
    expect(provider.unstoppable?.({ delivery: "ping", minute: SIX, nth: 0 })).toContain("takes no request back");
    expect(provider.unstoppable?.({ task: "t" })).toBeUndefined();
  });

  it.each([
    ["removed", []],
    ["edited", [{ ...schedule, ScheduleExpression: "cron(0 15 * * ? *)" }]],
    ["edited to what cannot be read", [{ ...schedule, ScheduleExpression: "cron(0 15 ? * 2L *)" }]],
  ])("the last fire of a job that was %s before it was counted is seen, and told of for a while", async (_how, now) => {
    let counts: Counts = {};
    let schedules: readonly (typeof schedule)[] = [schedule];
    const { provider, clock } = await open(
      {
        "cloudwatch:GetMetricData": (input) => answerOf(counts)(input),
        "scheduler:ListSchedules": () => ({ Schedules: schedules.map(({ Name, Target }) => ({ Name, Target })) }),
        "scheduler:GetSchedule": () => schedules[0],
      },
      SIX - MINUTE,
    );
    const list = async () => (await provider.listRuns(SIX - HOUR)).map(({ job: of, startedAt }) => [of, startedAt]);
    expect(await list()).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(await list()).toEqual([]);
    schedules = now;
    await clock.advance(2 * MINUTE);
    counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    await clock.advance(2 * MINUTE);
    expect(await list()).toEqual([["ping", SIX]]);
    await clock.advance(15 * MINUTE);
    expect(await list()).toEqual([["ping", SIX]]);
  });

  it.each([
    ["removed", []],
    ["edited", [{ ...schedule, ScheduleExpression: "cron(0 15 * * ? *)" }]],
  ])("so is that of a job that was %s when the daemon was started again before it was counted", async (_how, now) => {
    let counts: Counts = {};
    let schedules: readonly (typeof schedule)[] = [schedule];
    const answers: Answers = {
      "cloudwatch:GetMetricData": (input) => answerOf(counts)(input),
      "scheduler:ListSchedules": () => ({ Schedules: schedules.map(({ Name, Target }) => ({ Name, Target })) }),
      "scheduler:GetSchedule": () => schedules[0],
    };
    const first = await open(answers, SIX - MINUTE);
    expect(await first.provider.listRuns(SIX - HOUR)).toEqual([]);
    await first.provider.close();
    schedules = now;
    const { provider, clock } = await open(answers, SIX + 2 * MINUTE);
    const list = async () => (await provider.listRuns(SIX - HOUR)).map(({ job: of, startedAt }) => [of, startedAt]);
    expect(await list()).toEqual([]);
    await clock.advance(6 * MINUTE);
    expect(await list()).toEqual([]);
    // CloudWatch is later than it mostly is.
    counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    await clock.advance(2 * MINUTE);
    expect(await list()).toEqual([["ping", SIX]]);
    await clock.advance(40 * MINUTE);
    // Of what was removed nobody asks for ever.
    expect((await list()).length).toBe(now.length);
  });

  it("so is one of a schedule that no daemon ever listed", async () => {
    const edited = { ...schedule, ScheduleExpression: "cron(0 15 * * ? *)" };
    const counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    const { provider, clock, calls } = await open(
      { "cloudwatch:GetMetricData": answerOf(counts), "scheduler:GetSchedule": () => edited },
      SIX + MINUTE,
    );
    expect(await provider.listRuns(SIX - HOUR)).toEqual([]);
    for (let minute = 1; minute < 20; minute += 1) {
      await clock.advance(MINUTE);
      await provider.listRuns(SIX - HOUR);
    }
    expect(await provider.listRuns(SIX - HOUR)).toMatchObject([{ job: "ping", startedAt: SIX }]);
    expect(calls.filter(({ call }) => call === "cloudwatch:GetMetricData").length).toBeLessThanOrEqual(3);
  });

  it("so is one that came while the edit was tried again, over the minute of the fire", async () => {
    let counts: Counts = {};
    let schedules: readonly (typeof schedule)[] = [schedule];
    const { provider, clock } = await open(
      {
        "cloudwatch:GetMetricData": (input) => answerOf(counts)(input),
        "scheduler:ListSchedules": () => ({ Schedules: schedules.map(({ Name, Target }) => ({ Name, Target })) }),
        "scheduler:GetSchedule": () => schedules[0],
        "ecs:ListTaskDefinitionFamilies": () => ({ families: [] }),
        "eventbridge:ListApiDestinations": () => ({ ApiDestinations: [] }),
        "scheduler:DeleteSchedule": async () => {
          await clock.advance(30_000);
          schedules = [];
        },
      },
      SIX - 6 * MINUTE,
    );
    const list = async () => (await provider.listRuns(SIX - HOUR)).map(({ job: of, startedAt }) => [of, startedAt]);
    expect(await list()).toEqual([]);
    await clock.advance(5.75 * MINUTE);
    expect(await list()).toEqual([]);
    const actual = (await provider.listDeployments()).find(({ kind }) => kind === "schedule");
    if (!actual) throw new Error("no schedule");
    await provider.apply({ action: "delete", actual, why: "test" });
    expect(clock.now()).toBe(SIX + 15_000);
    await clock.advance(5 * MINUTE);
    expect(await list()).toEqual([]);
    // CloudWatch is later than it mostly is.
    counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    await clock.advance(3 * MINUTE);
    expect(await list()).toEqual([["ping", SIX]]);
  });

  it("a note of what stood that is damaged, or cannot be written, stops no listing", async () => {
    await writeFile(join(stateDir, "requests.json"), '[{"job":"p');
    const counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    const { provider } = await open({ "cloudwatch:GetMetricData": answerOf(counts) }, SIX + 5 * MINUTE);
    expect(await provider.listRuns(SIX)).toHaveLength(1);
    expect(JSON.parse(await readFile(join(stateDir, "requests.json"), "utf8"))).toMatchObject([{ job: "ping" }]);
    const nowhere = await openFake(
      { "ecs:ListTasks": () => ({ taskArns: [] }) },
      {},
      { stateDir: join(stateDir, "requests.json") },
    );
    expect(await nowhere.provider.listRuns(SIX)).toEqual([]);
  });

  it.each(["PartialData", "InternalError"])("counts that are %s are none", async (status) => {
    const { provider } = await open({ "cloudwatch:GetMetricData": answerOf({}, status) }, SIX);
    await expect(provider.listRuns(SIX)).rejects.toMatchObject({ code: "unavailable" });
    expect(provider.unseen?.(ping)).toBeUndefined();
  });

  const refuse = () => {
    throw serviceError("AccessDenied", 403);
  };

  it.each([
    ["refused", refuse, "AccessDenied said no"],
    ["forbidden one by one", answerOf({}, "Forbidden"), "is Forbidden"],
  ])("counts that may not be read (%s) hide their requests alone, until they may", async (_how, refusal, words) => {
    let answer: NonNullable<Answers["cloudwatch:GetMetricData"]> = refusal;
    const tags = Object.entries({ ...OWNER, job: "train" }).map(([key, value]) => ({ key: `rota:${key}`, value }));
    const task = {
      taskArn: "arn:aws:ecs:us-east-1:1:task/ml/t",
      lastStatus: "RUNNING",
      tags,
      startedAt: new Date(SIX),
    };
    const { provider, clock, calls } = await open(
      {
        "ecs:ListTasks": ({ desiredStatus }) => ({ taskArns: desiredStatus === "RUNNING" ? [task.taskArn] : [] }),
        "ecs:DescribeTasks": () => ({ tasks: [task] }),
        "cloudwatch:GetMetricData": (input) => answer(input),
      },
      SIX - MINUTE,
    );
    const jobs = async () => (await provider.listRuns(SIX - HOUR)).map(({ job: of }) => of);
    expect(await jobs()).toEqual(["train"]);
    expect(provider.unseen?.(ping)).toContain(words);
    expect(provider.unread?.()).toEqual([expect.stringContaining("http jobs may not be read")]);
    expect(provider.unseen?.(job("train", OWNER))).toBeUndefined();
    // What was refused a moment ago is not asked for again at once.
    const asked = () => calls.filter(({ call }) => call === "cloudwatch:GetMetricData").length;
    const before = asked();
    await clock.advance(15_000);
    expect(await jobs()).toEqual(["train"]);
    expect([asked(), provider.unread?.().length]).toEqual([before, 1]);
    answer = answerOf({ MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } });
    await clock.advance(6 * MINUTE);
    expect(await jobs()).toEqual(["train", "ping"]);
    expect([provider.unseen?.(ping), provider.unread?.()]).toEqual([undefined, []]);
  });

  it("counts that may not be read keep no run from being started, and the doctor says so", async () => {
    const { provider } = await open(
      {
        "eventbridge:PutEvents": () => ({ Entries: [{ EventId: "e" }] }),
        "cloudwatch:GetMetricData": refuse,
      },
      SIX,
    );
    expect(await provider.listRuns(SIX)).toEqual([]);
    expect(await provider.check()).toContainEqual(expect.objectContaining({ check: "requests", ok: false }));
    const request = { run: "ping.m.1", job: ping, attempt: 1, fireAt: SIX, env: {} };
    expect(await provider.start(request)).toMatchObject({ run: "ping.m.1", phase: "running" });
  });

  it("counts of a long absence are read as far back as CloudWatch keeps minutes, and no further", async () => {
    const { provider, calls } = await open({ "cloudwatch:GetMetricData": answerOf({}) }, SIX);
    await provider.listRuns(SIX - 60 * DAY);
    const { StartTime } = calls.find(({ call }) => call === "cloudwatch:GetMetricData")?.input ?? {};
    expect(StartTime).toEqual(new Date(SIX - 14 * DAY));
    const before = calls.length;
    await provider.listRuns(SIX - 60 * DAY);
    expect(calls.slice(before).map(({ call }) => call)).not.toContain("cloudwatch:GetMetricData");
  });

  it("a start of rota's of which nothing is counted is lost once that is sure, and no fire's event is taken for it", async () => {
    const counts = { MatchedEvents: { 0: 1 }, Invocations: { 0: 1 } };
    const { provider, clock } = await open(
      {
        "eventbridge:PutEvents": () => ({ Entries: [{ EventId: "e" }] }),
        "cloudwatch:GetMetricData": answerOf(counts),
      },
      SIX - HOUR,
    );
    const { handle } = await provider.start({ run: "ping.m.1", job: ping, attempt: 1, fireAt: SIX, env: {} });
    await clock.advance(20 * MINUTE);
    expect((await provider.inspect(handle)).phase).toBe("running");
    await clock.advance(50 * MINUTE);
    expect(await provider.inspect(handle)).toMatchObject({
      outcome: "lost",
      reason: expect.stringContaining("nothing"),
    });
    expect(await provider.listRuns(SIX)).toMatchObject([{ startedBy: "unknown", startedAt: SIX }]);
  });

  it("an event that EventBridge did not take was not put: the start is not known", async () => {
    const refused = { Entries: [{ ErrorCode: "InternalFailure", ErrorMessage: "try again" }] };
    const { provider } = await open({ "eventbridge:PutEvents": () => refused }, SIX);
    const start = provider.start({ run: "ping.m.1", job: ping, attempt: 1, fireAt: SIX, env: {} });
    await expect(start).rejects.toMatchObject({ code: "unavailable" });
    expect(await provider.find("ping.m.1")).toMatchObject({ outcome: "lost" });
  });
});
