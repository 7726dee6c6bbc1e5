import { z } from "zod";
import type { JsonObject } from "../../model/index.ts";
import { type GuardLayer, guard, type RetryLayer, retry } from "./guard.ts";
import { duration, listOf, mapOf, NAME_PATTERN, name, positive, text } from "./leaf.ts";
import { type ScheduleLayer, schedule } from "./schedule.ts";
import {
  type ContainerLayer,
  containerWorkload,
  type HttpLayer,
  httpWorkload,
  type ProcessLayer,
  processWorkload,
  type VmLayer,
  vmWorkload,
} from "./workload.ts";

/** The adapters there are. */
export const PROVIDER_TYPES = ["local", "aws", "azure", "gcp", "memory"] as const;
export type ProviderType = (typeof PROVIDER_TYPES)[number];

/** What one place (defaults, a job, an overlay) says of a job; every key may be missing. */
export interface JobLayer extends Readonly<Partial<Record<ProviderType, JsonObject | undefined>>> {
  readonly description?: string | undefined;
  readonly team?: string | undefined;
  readonly owner?: string | undefined;
  readonly costCenter?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly provider?: string | undefined;
  readonly process?: ProcessLayer | undefined;
  readonly container?: ContainerLayer | undefined;
  readonly http?: HttpLayer | undefined;
  readonly vm?: VmLayer | undefined;
  readonly schedule?: ScheduleLayer | undefined;
  readonly expect?: { readonly duration?: number | undefined } | undefined;
  readonly pool?: string | undefined;
  readonly load?: number | undefined;
  readonly guard?: GuardLayer | undefined;
  readonly retry?: RetryLayer | undefined;
  readonly notify?: readonly string[] | undefined;
}

export interface JobDeclaration extends JobLayer {
  readonly only?: readonly string[] | undefined;
  readonly environments?: Readonly<Record<string, JobLayer>> | undefined;
}

const labelKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/)
  .max(128) as unknown as z.ZodType<string, unknown>;
const labelValue = z.string().max(256) as unknown as z.ZodType<string, unknown>;

function options(type: string): z.ZodType<JsonObject | undefined> {
  const description = `Options that only placements of type \`${type}\` know; their adapter checks them.`;
  const map = z.record(z.string(), z.unknown()).meta({ description });
  return (map as unknown as z.ZodType<JsonObject>).optional();
}

const shape = {
  description: text("What the job is for, in a sentence.").optional(),
  team: text("Who it belongs to; costs are grouped by it.").optional(),
  owner: text("Who hears of it: a person or a channel.").optional(),
  costCenter: text("Where its cost is booked.").optional(),
  labels: mapOf(labelKey, labelValue, "Anything else to group by.").optional(),
  provider: text("A name from `providers`, instead of the environment's.").optional(),
  process: processWorkload.optional(),
  container: containerWorkload.optional(),
  http: httpWorkload.optional(),
  vm: vmWorkload.optional(),
  schedule: schedule.optional(),
  expect: z
    .strictObject({ duration: duration("How long a run takes, until the ledger knows better.", "40m").optional() })
    .meta({ description: "What is expected of a run." })
    .optional(),
  pool: text("A name from `pools`: a capacity that jobs share.").optional(),
  load: positive(1e9, "How much of the pool it takes, in the pool's unit. Default: its vCPU.").optional(),
  guard: guard.optional(),
  retry: retry.optional(),
  notify: listOf(text("A name from `notify`."), "The channels that hear of it. Default: all.", 0).optional(),
  local: options("local"),
  aws: options("aws"),
  azure: options("azure"),
  gcp: options("gcp"),
  memory: options("memory"),
};

export const jobLayer: z.ZodType<JobLayer> = z
  .strictObject(shape)
  .meta({ description: "A part of a job, to be merged." });

export const job: z.ZodType<JobDeclaration> = z
  .strictObject({
    ...shape,
    only: listOf(text("A name from `environments`."), "The environments it runs in. Default: all.").optional(),
    environments: mapOf(
      name("An environment's name."),
      jobLayer as unknown as z.ZodType<JobLayer, unknown>,
      "What is different in one environment: maps merge, lists and scalars replace.",
    ).optional(),
  })
  .meta({
    description:
      "A job: exactly one of `process`, `container`, `http`, `vm` (or a `target` under the provider type's key), and a `schedule`.",
  });

export const LONGEST_JOB_NAME = 52;

export function isJobName(candidate: string): boolean {
  return candidate.length <= LONGEST_JOB_NAME && NAME_PATTERN.test(candidate);
}
