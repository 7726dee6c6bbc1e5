import { describe, expect, it } from "vitest";
import { eventQueueName, eventRuleName, ruleName } from "../../../../providers/aws/naming.ts";
import type { DesiredJob, JsonObject } from "../../../../src/model/index.ts";
import { plan } from "../../../../src/plan/index.ts";
import { codeOf } from "../../../conformance/codes.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";
import { OWNER, openFake } from "./support.ts";

const workload = {
  kind: "container",
  image: "a:1",
  command: [],
  cpu: 1,
  memoryBytes: 2 ** 31,
  env: {},
  secrets: {},
} as const;

function named(name: string, options: JsonObject = {}): DesiredJob {
  return { job: job(name, { ...OWNER, placement: "aws", workload, schedule: cron("0 6 * * *"), options }) };
}

async function shared(options: JsonObject, jobs: readonly DesiredJob[] = [named("a")]) {
  const { provider } = await openFake({}, options);
  return jobs.flatMap((each) => provider.render(each, NOW).resources.filter(({ job: of }) => of === ""));
}

describe("events: sqs", () => {
  it("a thousand jobs have one queue and a rule for each of the two services", async () => {
    const { provider } = await openFake({}, { events: "sqs", jobQueue: "jobs" });
    const renderings = [named("a"), named("b", { runner: "batch" })].map((each) => provider.render(each, NOW));
    const desired = Array.from({ length: 1000 }, (_, index) => {
      const rendering = renderings[index % 2] ?? { resources: [], warnings: [], differences: [] };
      // Of a job its own resources; what all share is the very same of each.
      const own = rendering.resources.map((one) => (one.job === "" ? one : { ...one, id: `${one.id}-${index}` }));
      const resources = own.map((one) => ({ ...one, ...(one.job === "" ? {} : { dependsOn: [] }) }));
      return { job: `job-${index}`, rendering: { ...rendering, resources } };
    });
    const placements = [{ placement: "aws", type: "aws", desired, listed: [] }];
    const { changes, refusals } = plan({ ...OWNER, createdAt: NOW, placements });
    expect(refusals).toEqual([]);
    const kinds = changes.map(({ change }) => (change.action === "create" ? change.desired.kind : change.action));
    expect(kinds.filter((kind) => kind === "rule")).toHaveLength(2);
    expect(kinds.filter((kind) => kind === "queue")).toHaveLength(1);
    expect(kinds).toHaveLength(2003);
  });

  it("the queue takes messages from the two rules of this account, and from nobody else", async () => {
    const [queue] = await shared({ events: "sqs" });
    expect(queue).toMatchObject({ kind: "queue", id: "rota_acme_dev", fields: { retentionSeconds: 3600 } });
    const { Statement } = (queue?.fields["policy"] ?? {}) as { readonly Statement?: readonly JsonObject[] };
    expect(Statement).toEqual([
      {
        Sid: "Events",
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: "arn:aws:sqs:us-east-1:123456789012:rota_acme_dev",
        Condition: {
          ArnEquals: {
            "aws:SourceArn": ["batch", "ecs"].map(
              (service) => `arn:aws:events:us-east-1:123456789012:rule/rota.acme.dev.events.${service}`,
            ),
          },
          StringEquals: { "aws:SourceAccount": "123456789012" },
        },
      },
    ]);
  });

  it("a queue of the user's own is filled by the same rule, and nothing is made of it", async () => {
    const eventsQueue = "arn:aws:sqs:us-east-1:123456789012:theirs";
    expect(await shared({ eventsQueue })).toMatchObject([
      { kind: "rule", id: "rota.acme.dev.events.ecs", fields: { target: { Arn: eventsQueue } } },
    ]);
    expect(await shared({})).toEqual([]);
    expect(await codeOf(openFake({}, { events: "sqs", eventsQueue }))).toBe("invalid");
    expect(await codeOf(openFake({}, { events: "sns" }))).toBe("invalid");
  });

  it("is asked for nothing by jobs that nobody could be told of", async () => {
    const target = { lambda: "arn:aws:lambda:us-east-1:123456789012:function:f" };
    const { job: made } = named("f", { target });
    expect(await shared({ events: "sqs" }, [{ job: { ...made, workload: { kind: "target" } } }])).toEqual([]);
  });
});

describe("names", () => {
  const long = { namespace: "n".repeat(63), environment: "e".repeat(63) };

  it("are what AWS takes, however long namespace and environment are, and each pair's own", () => {
    expect(eventQueueName(long)).toMatch(/^[\w-]{1,80}$/);
    expect(eventRuleName(long, "batch")).toMatch(/^[.\w-]{1,64}$/);
    expect(eventQueueName(long)).not.toBe(eventQueueName({ ...long, environment: "e".repeat(62) }));
    // A hyphen may be in either name.
    const [one, other] = [
      { namespace: "a-b", environment: "c" },
      { namespace: "a", environment: "b-c" },
    ];
    expect(eventQueueName(one)).not.toBe(eventQueueName(other));
  });

  it("of rules begin with what they are listed by", () => {
    for (const owner of [OWNER, long, { namespace: "n".repeat(40), environment: "production" }]) {
      const prefix = ruleName(owner, "");
      for (const name of ["a", "a".repeat(63), "a.events", "events.ecs"])
        expect(ruleName(owner, name).startsWith(prefix)).toBe(true);
    }
    expect(ruleName(long, "a")).not.toBe(ruleName(long, "b"));
  });
});
