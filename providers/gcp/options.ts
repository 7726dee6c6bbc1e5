import { z } from "zod";

/** What the manifest may say under a placement of type `gcp`. */
export interface GcpOptions {
  /** The project's id, not its number. */
  readonly project: string;
  /** A region: Cloud Run jobs and Cloud Scheduler jobs are made there. */
  readonly location: string;
  /** What the jobs' own code runs as; reads the secrets. */
  readonly serviceAccount: string;
  /** What Cloud Scheduler starts them as. Default: `serviceAccount`. */
  readonly schedulerServiceAccount?: string;
  /** Jobs may run on Batch here: its API is enabled, and rota may use it. */
  readonly batch: boolean;
  /** For Private Service Connect or an emulator: all calls go there; `{service}` stands for `run`, `cloudscheduler` and so on. */
  readonly endpoint?: string;
}

/** What the manifest may say under `gcp` in a job. */
export interface GcpJobOptions {
  readonly runner: "cloudRun" | "batch";
  /** Of Compute Engine, such as `g2-standard-8`. Default: Batch chooses one that holds the job. Batch only. */
  readonly machineType?: string;
  /** `count`: as many as the container's `gpu` says. Batch only. */
  readonly accelerator?: { readonly type: string; readonly count?: number };
}

export type BatchJobOptions = Pick<GcpJobOptions, "machineType" | "accelerator">;

const account = z
  .string()
  .regex(/^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/, "must be a service account's e-mail address");

export const gcpOptions: z.ZodType<GcpOptions> = z.strictObject({
  project: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "must be a project's id, such as acme-prod"),
  location: z.string().regex(/^[a-z]+-[a-z]+\d+$/, "must be a region such as us-central1"),
  serviceAccount: account,
  schedulerServiceAccount: account.optional(),
  batch: z.boolean().default(false),
  endpoint: z
    .string()
    .regex(/^https?:\/\/[^/]+\/?$/, "must be http:// or https:// and a host, without a path")
    .optional(),
}) as unknown as z.ZodType<GcpOptions>;

export const gcpJobOptions: z.ZodType<GcpJobOptions> = z.strictObject({
  runner: z.enum(["cloudRun", "batch"], "must be cloudRun or batch").default("cloudRun"),
  machineType: z
    .string()
    .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/, "must be a machine type of Compute Engine, such as g2-standard-8")
    .optional(),
  accelerator: z
    .strictObject({
      type: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be a type of accelerator, such as nvidia-l4"),
      count: z.int().min(1).max(16).optional(),
    })
    .optional(),
}) as unknown as z.ZodType<GcpJobOptions>;

export function parentOf({ project, location }: GcpOptions): string {
  return `projects/${project}/locations/${location}`;
}
