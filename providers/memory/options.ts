import { z } from "zod";

/** What the manifest may say under a placement of type `memory`. */
export interface MemoryOptions {
  /** `native`: the world fires by itself from what is deployed. */
  readonly schedules: "engine" | "native";
  /** Between two samples. */
  readonly intervalSeconds: number;
  /** How late a sample can be read. */
  readonly delaySeconds: number;
  readonly nativeTimeLimit: boolean;
  /** Why nobody hears of what it starts by itself; absent: everybody does. */
  readonly unseen?: string;
}

export const memoryOptions: z.ZodType<MemoryOptions> = z.strictObject({
  schedules: z.enum(["engine", "native"]).default("engine"),
  intervalSeconds: z.number().positive().default(60),
  delaySeconds: z.number().min(0).default(0),
  nativeTimeLimit: z.boolean().default(false),
  unseen: z.string().optional(),
}) as unknown as z.ZodType<MemoryOptions>;
