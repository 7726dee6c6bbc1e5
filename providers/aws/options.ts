import { z } from "zod";

/** What the manifest may say under a placement of type `aws`. */
export interface AwsOptions {
  readonly region: string;
  /** Calls are refused when the credentials turn out to be of another account. */
  readonly account: string;
  /** Name of the ECS cluster. */
  readonly cluster: string;
  /** What containers run on unless the job says otherwise. */
  readonly runner: "ecs" | "batch";
  /** Name or ARN of the Fargate job queue of AWS Batch, for `runner: batch`. */
  readonly jobQueue?: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Needed in a public subnet without NAT, to pull the image. */
  readonly assignPublicIp: boolean;
  /** Pulls the image, reads the secrets, writes the log. */
  readonly executionRole: string;
  /** What the job's own code may do. */
  readonly taskRole?: string;
  /** What EventBridge Scheduler starts the task as. */
  readonly schedulerRole: string;
  /** What EventBridge's rules send requests as: for `http` jobs. */
  readonly rulesRole?: string;
  readonly architecture: "X86_64" | "ARM64";
  /** An SQS queue for starts that EventBridge could not deliver. */
  readonly deadLetterQueue?: string;
  /** Changes of tasks and jobs of Batch are told as they happen, by a queue that rota makes; listings alone without. */
  readonly events?: "sqs";
  /** The same by a queue of the user's own. */
  readonly eventsQueue?: string;
  /** The cluster has Container Insights on: without it nothing is known of CPU, disk and network. */
  readonly containerInsights: boolean;
  readonly logRetentionDays: number;
  /** For a private endpoint or an emulator: all calls go there. */
  readonly endpoint?: string;
  /** A profile of the shared configuration files. */
  readonly profile?: string;
}

/** The days that CloudWatch Logs knows (PutRetentionPolicy). */
const RETENTION = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const role = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, "must be a role's ARN");

const queue = z.string().regex(/^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]+$/, "must be a queue's ARN");

const schema = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region such as us-east-1"),
  account: z.string().regex(/^\d{12}$/, 'must be the twelve digits of an account, in quotes: "123456789012"'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,255}$/, "must be a cluster's name")
    .default("default"),
  runner: z.enum(["ecs", "batch"], "must be ecs or batch").default("ecs"),
  jobQueue: z
    .string()
    .regex(
      /^(?:arn:aws[a-z-]*:batch:[a-z0-9-]+:\d{12}:job-queue\/)?[A-Za-z0-9_-]{1,128}$/,
      "must be a job queue's name or ARN",
    )
    .optional(),
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-z]+$/, "must be a subnet's id"))
    .min(1)
    .max(16),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-z]+$/, "must be a security group's id"))
    .max(5)
    .default([]),
  assignPublicIp: z.boolean().default(false),
  executionRole: role,
  taskRole: role.optional(),
  schedulerRole: role,
  rulesRole: role.optional(),
  architecture: z.enum(["X86_64", "ARM64"]).default("X86_64"),
  deadLetterQueue: queue.optional(),
  events: z.literal("sqs", "must be sqs").optional(),
  eventsQueue: queue.optional(),
  containerInsights: z.boolean().default(false),
  logRetentionDays: z
    .int()
    .refine((days) => RETENTION.includes(days), `must be one of ${RETENTION.join(", ")}`)
    .default(90),
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  profile: z.string().min(1).optional(),
});

export const awsOptions: z.ZodType<AwsOptions> = schema.refine(
  ({ events, eventsQueue }) => events === undefined || eventsQueue === undefined,
  { path: ["eventsQueue"], message: "is a queue of your own, and events: sqs makes one: say one of the two" },
) as unknown as z.ZodType<AwsOptions>;
