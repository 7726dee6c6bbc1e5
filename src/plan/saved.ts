import { z } from "zod";
import { fingerprint } from "../model/index.ts";
import type { Plan } from "./types.ts";

const text = z.string();
const count = z.number().int().nonnegative();
const fields = z.record(z.string(), z.json());
const resource = {
  kind: text,
  id: text,
  job: text,
  fields,
  dependsOn: z.array(text).exactOptional(),
};
const desired = z.strictObject(resource);
const actual = z.strictObject({
  ...resource,
  mark: z.strictObject({ namespace: text, environment: text, job: text }),
  revision: text,
  unmanaged: fields.exactOptional(),
  paused: z.boolean().exactOptional(),
  problem: text.exactOptional(),
});
const fieldChange = z.strictObject({ path: text, from: z.json().exactOptional(), to: z.json().exactOptional() });
const change = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("create"), desired, why: text }),
  z.strictObject({ action: z.literal("update"), desired, actual, fields: z.array(fieldChange), why: text }),
  z.strictObject({ action: z.literal("delete"), actual, why: text }),
  z.strictObject({ action: z.literal("keep"), desired, actual, why: text }),
]);
const limit = z.enum(["idle", "heartbeat", "duration", "cost", "output", "disk"]);
const status = z.enum(["queued", "starting", "running", "succeeded", "failed", "killed", "lost", "skipped"]);
const trial = z.strictObject({
  job: text,
  changed: z.array(limit),
  runs: count,
  stopped: z.array(
    z.strictObject({
      run: text,
      status,
      limits: z.array(limit),
      afterSeconds: z.number().exactOptional(),
      observed: text,
    }),
  ),
  goodRunsStopped: count,
  unknown: z.array(z.strictObject({ run: text, why: text })),
});
const savedPlan = z.strictObject({
  schema: z.literal("rota.savedPlan/1"),
  namespace: text,
  environment: text,
  createdAt: z.number().int(),
  purpose: z.enum(["apply", "destroy"]),
  placements: z.array(
    z.strictObject({
      placement: text,
      type: text,
      listings: z.union([z.literal(0), z.literal(1), z.literal(2)]),
      deployed: count,
      desired: count,
    }),
  ),
  changes: z.array(z.strictObject({ placement: text, provider: text, change })),
  warnings: z.array(z.strictObject({ placement: text, job: text, text })),
  differences: z.array(
    z.strictObject({
      job: text,
      local: text,
      kind: z.enum(["missing", "extra", "moved"]),
      detail: text,
      placement: text,
      allowed: z.boolean(),
    }),
  ),
  refusals: z.array(
    z.strictObject({
      code: z.enum(["unsupported", "differs", "taken", "ambiguous", "dependency", "empty"]),
      placement: text,
      job: text,
      reason: text,
      fix: text,
    }),
  ),
  trial: z.array(trial),
  fingerprint: text,
  digest: text,
});

export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** The text of a plan file. */
export function savePlan(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/**
 * Reads a plan file: exactly this version, no key more or less, and its own digest. The digest finds an edit or
 * a truncated copy; it is no signature. Whether the plan still fits the world is for `checkApply`.
 */
export function parsePlan(saved: string): ParsedPlan {
  const fix = "Make it anew with rota plan --out FILE.";
  let value: unknown;
  try {
    value = JSON.parse(saved);
  } catch {
    return { ok: false, reason: "this is not a plan file: it is not JSON", fix };
  }
  const schema = schemaOf(value);
  if (schema === "rota.plan/1") {
    return { ok: false, reason: "this is the output of rota plan --json, which cannot be applied", fix };
  }
  if (schema !== "rota.savedPlan/1") {
    const what = schema?.startsWith("rota.savedPlan/") ? "a plan file of another version of rota" : "not a plan file";
    return { ok: false, reason: `this is ${what}`, fix };
  }
  try {
    const parsed = savedPlan.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return { ok: false, reason: `the plan file is damaged at ${issue?.path.join(".")}: ${issue?.message}`, fix };
    }
    const { digest, ...body } = parsed.data;
    if (fingerprint(body) !== digest) {
      return { ok: false, reason: "the plan file was changed after it was made (its digest does not fit)", fix };
    }
    return { ok: true, plan: parsed.data };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, reason: "the plan file is nested too deeply", fix };
    throw error;
  }
}

function schemaOf(value: unknown): string | undefined {
  if (value === null || typeof value !== "object" || !("schema" in value)) return undefined;
  return typeof value.schema === "string" ? value.schema : undefined;
}
