import { count, instant, type JsonSchema, list, nullable, object, ref, text, texts } from "./common.ts";
import { runStatus } from "./runs.ts";

const fireStates: readonly string[] = ["ran", "running", "late", "missed", "failed", "killed", "excused", "upcoming"];

const fireState: JsonSchema = { type: "string", enum: fireStates };

const costlyRun: JsonSchema = object({
  run: text,
  job: text,
  status: runStatus,
  startedAt: nullable(instant),
  endedAt: nullable(instant),
  cost: ref("Money"),
  "reason?": text,
});

const explained: Readonly<Record<string, JsonSchema>> = {
  timeline: list(object({ at: instant, component: text, event: text, detail: text })),
  responsible: object({ component: text, evidence: text, fix: text }),
};

export const viewSchemas: readonly JsonSchema[] = [
  { $id: "FireExcused", ...object({ ok: { type: "boolean", const: true }, was: fireState, "run?": text }) },
  {
    $id: "Today",
    ...object({
      schema: { const: "rota.today/1" },
      date: { type: "string", format: "date" },
      timezone: text,
      fires: list(
        object({
          job: text,
          fire: { type: "string", description: "The fire's key" },
          at: instant,
          local: text,
          timezone: text,
          provider: text,
          "team?": text,
          state: fireState,
          "run?": { type: "string", description: "The last attempt" },
          attempts: count,
          "reason?": text,
          "by?": { type: "string", enum: ["person", "rule"], description: "For excused: who left it out" },
          "was?": fireState,
          "madeUpBy?": { type: "string", description: "A run by hand that made up for it" },
          "note?": text,
        }),
      ),
      counts: { type: "object", additionalProperties: count, description: "By state, and `expected` in all" },
      unexpected: list(object({ run: text, job: text, provider: text, at: instant, status: text, reason: text })),
      omitted: list(
        object({
          job: text,
          at: instant,
          local: text,
          reason: { type: "string", enum: ["gap", "holiday"] },
          detail: text,
        }),
      ),
    }),
  },
  {
    $id: "CostReport",
    ...object({
      schema: { const: "rota.cost/1" },
      period: text,
      from: instant,
      to: instant,
      currency: text,
      basis: { const: "metered" },
      total: ref("Money"),
      budget: nullable(ref("Money")),
      forecast: nullable(ref("Money")),
      saved: nullable(ref("Money")),
      savedRule: text,
      groups: list(
        object({
          key: text,
          by: texts,
          runs: count,
          cost: ref("Money"),
          share: { type: "number", minimum: 0, maximum: 1 },
          previous: nullable(ref("Money")),
          budget: nullable(ref("Money")),
          forecast: nullable(ref("Money")),
          saved: nullable(ref("Money")),
          unpriced: count,
        }),
      ),
      top: list(costlyRun),
      stopped: list(costlyRun),
      unpriced: object({ runs: count, missing: list(object({ missing: text, runs: count })) }),
      otherCurrencies: list(ref("Money")),
      upcomingLeftOut: count,
      live: object({ runs: count, leftOut: count }),
    }),
  },
  { $id: "Explain", ...object({ schema: { const: "rota.explain/1" }, run: text, ...explained }) },
  {
    $id: "ExplainFire",
    ...object({ schema: { const: "rota.explain.fire/1" }, fire: text, "run?": text, ...explained }),
  },
];
