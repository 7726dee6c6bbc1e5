import { count, instant, type JsonSchema, list, nullable, object, ref, text } from "./common.ts";

export const statusSchemas: readonly JsonSchema[] = [
  {
    $id: "Status",
    ...object({
      schema: { const: "rota.status/1" },
      namespace: text,
      environment: text,
      timezone: text,
      daemon: object({
        up: { type: "boolean", const: true },
        pid: { type: "integer" },
        version: text,
        uptimeSeconds: count,
        startedAt: instant,
        now: instant,
        ready: { type: "boolean" },
        epoch: count,
      }),
      placements: list(
        object({
          placement: text,
          type: text,
          ok: { type: "boolean" },
          jobs: count,
          "drifted?": count,
          "problem?": text,
          "failingSince?": instant,
        }),
      ),
      running: list(
        object({ run: text, job: text, status: text, startedAt: nullable(instant), cost: nullable(ref("Money")) }),
      ),
      today: { type: "object", additionalProperties: count, description: "Counts of today's fires by state" },
      budgets: list(
        object({
          budget: text,
          period: text,
          spent: ref("Money"),
          limit: ref("Money"),
          "forecast?": ref("Money"),
          "upcomingLeftOut?": count,
          state: { type: "string", enum: ["ok", "warned", "reached", "held"] },
        }),
      ),
      problems: list(text),
      "guardHeld?": { type: "string", description: "Why the guard stops nothing until a person releases it" },
      nextFires: list(object({ job: text, at: instant })),
    }),
  },
  { $id: "Ready", ...object({ ready: { type: "boolean" }, problems: list(text) }) },
  { $id: "Done", ...object({ ok: { type: "boolean", const: true } }) },
];
