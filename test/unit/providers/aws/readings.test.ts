import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOW } from "../../../support/jobs.ts";
import { type Answers, type Fake, openFake } from "./support.ts";

const TAGS = [
  { Key: "rota:namespace", Value: "acme" },
  { Key: "rota:environment", Value: "dev" },
  { Key: "rota:job", Value: "churn" },
];
const COUNT = 30;
const NAMES = Array.from({ length: COUNT }, (_, index) => `churn.${index}`);

describe("a listing that tells versions", () => {
  let stateDir: string;
  /** What AWS holds: each schedule's expression, and when it was changed last. */
  let held: Map<string, { expression: string; changedAt: number }>;
  let revision: number;
  /** The family whose tags somebody took away. */
  let stripped: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "rota-readings-"));
    held = new Map(NAMES.map((name) => [name, { expression: "cron(0 6 * * ? *)", changedAt: NOW - 3600_000 }]));
    revision = 1;
    stripped = "";
  });
  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  const answers: Answers = {
    "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [{ Name: "rota.acme.dev", Arn: "arn" }] }),
    "scheduler:ListTagsForResource": () => ({ Tags: TAGS }),
    "scheduler:ListSchedules": () => ({
      Schedules: [...held].map(([Name, { changedAt }]) => ({ Name, LastModificationDate: new Date(changedAt) })),
    }),
    "scheduler:GetSchedule": ({ Name }) => ({
      Name,
      GroupName: "rota.acme.dev",
      ScheduleExpression: held.get(String(Name))?.expression,
      StartDate: new Date(NOW + 86_400_000),
      Target: { Arn: "arn:aws:scheduler:::aws-sdk:ecs:runTask", Input: JSON.stringify({ Tags: TAGS }) },
    }),
    "ecs:ListTaskDefinitionFamilies": () => ({ families: NAMES.map((_, index) => `rota_acme_dev_j${index}`) }),
    "ecs:ListTaskDefinitions": () => ({
      taskDefinitionArns: NAMES.flatMap((_, index) =>
        [1, revision].map(
          (each) => `arn:aws:ecs:us-east-1:123456789012:task-definition/rota_acme_dev_j${index}:${each}`,
        ),
      ),
    }),
    "ecs:DescribeTaskDefinition": ({ taskDefinition }) => ({
      taskDefinition: {
        taskDefinitionArn: taskDefinition,
        containerDefinitions: [{ name: "job", image: `image:${String(taskDefinition).split(":").at(-1)}` }],
      },
      tags: String(taskDefinition).includes(`/${stripped}:`)
        ? []
        : TAGS.map(({ Key, Value }) => ({ key: Key, value: Value })),
    }),
  };
  const open = (): Promise<Fake> => openFake(answers, {}, { stateDir });
  const reads = ({ calls }: Fake): number =>
    calls.filter(({ call }) => call === "scheduler:GetSchedule" || call === "ecs:DescribeTaskDefinition").length;

  it("is read once; a second daemon, or command, asks for nothing but the lists and answers the same", async () => {
    const first = await open();
    const listed = await first.provider.listDeployments();
    expect(listed).toHaveLength(2 * COUNT);
    expect(reads(first)).toBe(2 * COUNT);
    const second = await open();
    expect(await second.provider.listDeployments()).toEqual(listed);
    expect(reads(second)).toBe(0);
    // Whose credentials; the group, its tags and its schedules; families and their revisions; rules; the queue.
    expect(second.calls).toHaveLength(8);
  });

  it("what changed since is read again, and nothing else", async () => {
    await (await open()).provider.listDeployments();
    held.set("churn.7", { expression: "cron(0 7 * * ? *)", changedAt: NOW - 60_000 });
    held.delete("churn.8");
    const { provider, ...rest } = await open();
    const listed = await provider.listDeployments();
    expect(listed.find(({ id }) => id === "churn.7")?.fields["expression"]).toBe("cron(0 7 * * ? *)");
    expect(listed.map(({ id }) => id)).not.toContain("churn.8");
    expect(reads({ provider, ...rest })).toBe(1);
    revision = 2;
    const later = await open();
    const definitions = (await later.provider.listDeployments()).filter(({ kind }) => kind === "taskDefinition");
    expect(new Set(definitions.map(({ fields }) => fields["image"]))).toEqual(new Set(["image:2"]));
  });

  it("what was read in the moment of a change is not trusted: another change would bear the same date", async () => {
    const { provider, clock, calls } = await open();
    held.set("churn.7", { expression: "cron(0 7 * * ? *)", changedAt: clock.now() - 500 });
    await provider.listDeployments();
    held.set("churn.7", { expression: "cron(0 9 * * ? *)", changedAt: clock.now() - 500 });
    const before = calls.length;
    const again = await provider.listDeployments();
    expect(again.find(({ id }) => id === "churn.7")?.fields["expression"]).toBe("cron(0 9 * * ? *)");
    expect(calls.slice(before).filter(({ call }) => call === "scheduler:GetSchedule")).toHaveLength(1);
  });

  it("a start date that passes meanwhile no longer counts, though nothing was changed", async () => {
    const first = await open();
    const before = await first.provider.listDeployments();
    expect(before.find(({ kind }) => kind === "schedule")?.fields["start"]).toBeDefined();
    await first.clock.advance(2 * 86_400_000);
    const after = await first.provider.listDeployments();
    expect(after.find(({ kind }) => kind === "schedule")?.fields["start"]).toBeUndefined();
  });

  it("tags can change without a revision: after a day everything is read again", async () => {
    const first = await open();
    await first.provider.listDeployments();
    const before = reads(first);
    await first.clock.advance(25 * 3600_000);
    await first.provider.listDeployments();
    expect(reads(first)).toBe(2 * before);
  });

  it("a listing that is asked to be fresh sees at once that somebody took a definition's tags away", async () => {
    await (await open()).provider.listDeployments();
    stripped = "rota_acme_dev_j7";
    expect(await (await open()).provider.listDeployments()).toHaveLength(2 * COUNT);
    const asked = await open();
    const fresh = await asked.provider.listDeployments({ fresh: true });
    expect(fresh).toHaveLength(2 * COUNT - 1);
    // The listing of schedules tells by itself when one changed.
    expect(reads(asked)).toBe(COUNT);
    // What was seen by it stands from then on.
    expect(await (await open()).provider.listDeployments()).toEqual(fresh);
  });

  it("a broken file, or a folder that cannot be written, costs requests and nothing else", async () => {
    await writeFile(join(stateDir, "readings.json"), "{");
    expect(await (await open()).provider.listDeployments()).toHaveLength(2 * COUNT);
    const nowhere = await openFake(answers);
    expect(await nowhere.provider.listDeployments()).toHaveLength(2 * COUNT);
  });

  it("whatever is to be changed is read anew", async () => {
    const { provider } = await open();
    const actual = (await provider.listDeployments()).find(({ id }) => id === "churn.7");
    held.set("churn.7", { expression: "cron(0 9 * * ? *)", changedAt: NOW - 3600_000 });
    if (!actual) throw new Error("no schedule");
    await expect(provider.apply({ action: "delete", actual, why: "test" })).rejects.toMatchObject({ code: "conflict" });
  });
});
