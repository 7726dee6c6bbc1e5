/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [key: string]: unknown };

export const ref = (id: string): JsonSchema => ({ $ref: `${id}#` });
export const text: JsonSchema = { type: "string" };
export const instant: JsonSchema = { type: "string", format: "date-time", description: "RFC 3339, UTC" };
export const count: JsonSchema = { type: "integer", minimum: 0 };
export const texts: JsonSchema = { type: "object", additionalProperties: text };

export const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: "null" }] });
export const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });

/** An object; names that end in `?` may be absent. More fields may be added later, as docs/api.md says. */
export function object(properties: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema {
  const entries = Object.entries(properties).map(([name, schema]) => [name.replace(/\?$/, ""), schema] as const);
  const required = Object.keys(properties).filter((name) => !name.endsWith("?"));
  return { type: "object", properties: Object.fromEntries(entries), required, ...more };
}

/** A body: nothing but these fields. */
export function body(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return object(properties, { additionalProperties: false });
}

export const commonSchemas: readonly JsonSchema[] = [
  {
    $id: "Money",
    ...object({
      amount: { type: "string", pattern: "^-?\\d{1,18}(\\.\\d{1,9})?$", description: "Decimal, never a float" },
      currency: { type: "string", description: "ISO 4217" },
    }),
  },
  {
    $id: "Problem",
    description: "The one shape of every error",
    ...object({ error: object({ code: text, message: text, "fix?": text }) }),
  },
  {
    $id: "Breach",
    ...object({
      limit: { type: "string", enum: ["idle", "heartbeat", "duration", "cost", "output", "disk"] },
      declared: text,
      observed: text,
      evidence: { type: "object", additionalProperties: { type: ["number", "string", "boolean"] } },
      advice: text,
    }),
  },
];

/** The responses every route may give, beside its own. */
export function answers(ok: JsonSchema, description: string, status = 200): Readonly<Record<string, JsonSchema>> {
  const problem = { description: "A problem", content: { "application/json": { schema: ref("Problem") } } };
  return {
    [status]: { description, content: { "application/json": { schema: ok } } },
    "4xx": problem,
    "5xx": problem,
  };
}
