import { z } from "zod";
import type { Job } from "../../../src/model/index.ts";
import type { AwsOptions } from "../options.ts";
import { type Target, targetOptions } from "./target-options.ts";

/** What a job may say under `aws:`. */
export interface AwsJobOptions {
  /** What a container runs on: a task of ECS, or a job of AWS Batch. Both on Fargate. */
  readonly runner: "ecs" | "batch";
  /** Batch starts a failed container so often, without rota's doing. */
  readonly attempts: number;
  /** EventBridge Scheduler, or scheduled rules of the default bus (UTC only). */
  readonly scheduler: "scheduler" | "rules";
  /** The connection of EventBridge that holds the credentials of an http job. */
  readonly connection?: string;
  /** The type of the machines that a `vm` job starts, for estimates; what is charged is what EC2 says. */
  readonly instanceType?: string;
  /** What exists already and runs in place of a container. */
  readonly target?: Target;
}

const schema = z.strictObject({
  runner: z.enum(["ecs", "batch"], "must be ecs or batch").optional(),
  scheduler: z.enum(["scheduler", "rules"], "must be scheduler or rules").optional(),
  attempts: z.int().min(1).max(10, "must be 1 to 10: what Batch takes").optional(),
  connection: z
    .string()
    .regex(/^[.\w-]{1,64}$/, "must be a connection's name")
    .optional(),
  instanceType: z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "must be a type such as m5.large")
    .optional(),
  target: targetOptions.optional(),
});

export type JobOptions =
  | ({ readonly ok: true } & AwsJobOptions)
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** The job's own options, with the placement's where it says nothing. */
export function jobOptionsOf(job: Pick<Job, "options">, options: AwsOptions): JobOptions {
  const parsed = schema.safeParse(job.options);
  if (!parsed.success) {
    const reason = parsed.error.issues
      .map(({ path, message }) => `${["aws", ...path].map(String).join(".")}: ${message}`)
      .join("; ");
    return { ok: false, reason, fix: "docs/aws.md names the options of a job" };
  }
  const { runner = options.runner, attempts = 1, scheduler = "scheduler" } = parsed.data;
  if (attempts > 1 && runner !== "batch") {
    return {
      ok: false,
      reason: "aws.attempts is for runner: batch; ECS starts a task once",
      fix: "use retry, which rota does",
    };
  }
  const { target, connection, instanceType } = parsed.data;
  return {
    ok: true,
    runner,
    attempts,
    scheduler,
    ...(connection === undefined ? {} : { connection }),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(target === undefined ? {} : { target }),
  };
}
