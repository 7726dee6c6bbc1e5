import { count, instant, type JsonSchema, list, nullable, object, ref, text, texts } from "./common.ts";

export const runStatus: JsonSchema = {
  type: "string",
  enum: ["queued", "starting", "running", "succeeded", "failed", "killed", "lost", "skipped"],
};

const runFields: Readonly<Record<string, JsonSchema>> = {
  run: text,
  job: text,
  environment: text,
  provider: { type: "string", description: "The placement's name" },
  cause: { type: "string", enum: ["fire", "catchUp", "retry", "person", "foreign"] },
  fire: nullable(text),
  fireAt: nullable(instant),
  attempt: { type: "integer", minimum: 1 },
  status: runStatus,
  createdAt: instant,
  startedAt: nullable(instant),
  endedAt: nullable(instant),
  exitCode: nullable({ type: "integer" }),
  "signal?": text,
  "reason?": text,
  "team?": text,
  "costCenter?": text,
  labels: texts,
  cost: nullable(ref("Cost")),
  "unpriced?": { type: "string", description: "What is missing to price it" },
  "verdict?": object({
    at: instant,
    action: { type: "string", enum: ["stop", "notify", "observe", "protected", "impossible"] },
    breaches: list(ref("Breach")),
  }),
};

const guardLimits: JsonSchema = object({
  mode: { type: "string", enum: ["enforce", "observe"] },
  onBreach: { type: "string", enum: ["stop", "notify"] },
  protect: { type: "boolean" },
  graceSeconds: { type: "number" },
  "idleSeconds?": { type: "number" },
  idleCpu: { type: "number" },
  "heartbeatSeconds?": { type: "number" },
  "durationSeconds?": { type: "number" },
  "cost?": ref("Money"),
  costWarn: { type: "number" },
  "outputBytes?": { type: "number" },
  "diskBytes?": { type: "number" },
});

export const runSchemas: readonly JsonSchema[] = [
  {
    $id: "Cost",
    ...object({
      amount: { type: "string", description: "Decimal, never a float" },
      currency: text,
      basis: { type: "string", enum: ["metered", "invoiced"] },
      "live?": { type: "boolean", const: true },
    }),
  },
  { $id: "GuardLimits", ...guardLimits },
  { $id: "Run", ...object(runFields) },
  { $id: "Runs", ...object({ schema: { const: "rota.runs/1" }, runs: list(ref("Run")) }) },
  {
    $id: "RunDetail",
    ...object({
      schema: { const: "rota.run.detail/1" },
      ...runFields,
      limits: ref("GuardLimits"),
      workload: object({ kind: text, cpu: { type: "number" }, memoryBytes: count, gpu: { type: "number" } }),
    }),
  },
  {
    $id: "RunStarted",
    ...object({ schema: { const: "rota.run/1" }, run: text, job: text, status: runStatus }),
  },
  {
    $id: "Jobs",
    ...object({
      schema: { const: "rota.jobs/1" },
      jobs: list(
        object({
          job: text,
          provider: text,
          environment: text,
          "description?": text,
          "team?": text,
          "owner?": text,
          "costCenter?": text,
          labels: texts,
          workload: text,
          schedule: { type: "string", description: "In words" },
          timezone: text,
          next: nullable(instant),
          deployedAt: instant,
          guard: ref("GuardLimits"),
        }),
      ),
    }),
  },
  {
    $id: "Next",
    ...object({
      schema: { const: "rota.next/1" },
      fires: list(object({ job: text, at: instant, local: text, timezone: text, "note?": text })),
    }),
  },
];
