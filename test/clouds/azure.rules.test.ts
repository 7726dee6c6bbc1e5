import { describe, expect, it } from "vitest";
import type { Exchange } from "./azure/exchange.ts";
import { jobProblems, startProblems } from "./azure/rules.ts";
import { schemaProblems, WHY_NO_SCHEMAS } from "./azure/schemas.ts";
import { workflowProblems } from "./azure/workflow-rules.ts";

type Json = Readonly<Record<string, unknown>>;

const container = { name: "job", image: "busybox", args: [], env: [], resources: { cpu: 1, memory: "2Gi" } };
const job = (configuration: Json = {}, change: Json = {}): Json => ({
  location: "eastus",
  properties: {
    environmentId: "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/managedEnvironments/e",
    configuration: {
      triggerType: "Schedule",
      replicaTimeout: 60,
      scheduleTriggerConfig: { cronExpression: "0 6 * * *", parallelism: 1 },
      ...configuration,
    },
    template: { containers: [{ ...container, ...change }] },
  },
});
const workflow = (recurrence: Json = {}, schedule: Json = {}): Json => ({
  location: "eastus",
  properties: {
    state: "Enabled",
    definition: {
      $schema:
        "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
      contentVersion: "1.0.0.0",
      triggers: {
        "schedule-1": {
          type: "Recurrence",
          recurrence: {
            frequency: "Day",
            interval: 1,
            timeZone: "UTC",
            startTime: "2020-01-01T00:00:00",
            schedule: { hours: [6], minutes: [0], ...schedule },
            ...recurrence,
          },
        },
      },
      actions: {},
    },
  },
});

describe("the ARM server refuses what Azure does", () => {
  it("and nothing that is in order", () => {
    expect(jobProblems("job-1", job())).toEqual([]);
    expect(startProblems({ containers: [container] })).toEqual([]);
    expect(workflowProblems("job-1", workflow())).toEqual([]);
  });

  it.each<[string, readonly string[]]>([
    ["a name with a capital", jobProblems("Job", job())],
    ["a name of 33 characters", jobProblems("j".repeat(33), job())],
    ["names in a cron", jobProblems("job", job({ scheduleTriggerConfig: { cronExpression: "0 6 * * MON" } }))],
    ["a schedule beside a manual trigger", jobProblems("job", job({ triggerType: "Manual", manualTriggerConfig: {} }))],
    ["no time limit", jobProblems("job", job({ replicaTimeout: undefined }))],
    ["memory that no size has", jobProblems("job", job({}, { resources: { cpu: 1, memory: "3Gi" } }))],
    ["a secret that is not there", jobProblems("job", job({}, { env: [{ name: "A", secretRef: "a" }] }))],
    ["a start with settings of the job", startProblems({ containers: [container], configuration: {} })],
    ["a start time with a Z", workflowProblems("job", workflow({ startTime: "2020-01-01T00:00:00Z" }))],
    ["no start time", workflowProblems("job", workflow({ startTime: undefined }))],
    ["hours without minutes", workflowProblems("job", workflow({}, { minutes: undefined }))],
    ["weekdays in a day's recurrence", workflowProblems("job", workflow({}, { weekDays: ["Monday"] }))],
  ])("%s", (_what, problems) => {
    expect(problems).not.toEqual([]);
  });
});

describe(`the published schemas${WHY_NO_SCHEMAS === undefined ? "" : ` (skipped: ${WHY_NO_SCHEMAS})`}`, () => {
  const put = (type: string, body: Json): readonly string[] =>
    schemaProblems({ path: `/subscriptions/s/resourceGroups/g/providers/${type}/job-1`, body } as Exchange);

  it.skipIf(WHY_NO_SCHEMAS !== undefined)("pass what is in order and refuse types, enums and what is required", () => {
    expect(put("Microsoft.App/jobs", job())).toEqual([]);
    expect(put("Microsoft.Logic/workflows", workflow())).toEqual([]);
    expect(put("Microsoft.App/jobs", job({ triggerType: "Hourly" }))).not.toEqual([]);
    expect(put("Microsoft.App/jobs", job({ replicaTimeout: "60" }))).not.toEqual([]);
    expect(put("Microsoft.App/jobs", { ...job(), location: undefined })).not.toEqual([]);
    expect(put("Microsoft.Logic/workflows", { properties: { state: "Asleep" } })).not.toEqual([]);
  });
});
