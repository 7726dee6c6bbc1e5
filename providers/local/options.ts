import { z } from "zod";

const MIB = 1024 * 1024;

/** What the manifest may say under a placement of type `local`. */
export interface LocalOptions {
  /** Bytes kept of the beginning and of the end of each of stdout and stderr. */
  readonly outputHeadBytes: number;
  readonly outputTailBytes: number;
  /** How often the engine may measure. */
  readonly intervalSeconds: number;
  /** `false` makes none; a path says in which cgroup (v2) folder to make them; `true` looks for one. */
  readonly cgroup: boolean | string;
  /** Of ended runs at most so many are kept when the engine prunes. */
  readonly keepRuns: number;
}

export const localOptions: z.ZodType<LocalOptions> = z.strictObject({
  outputHeadBytes: z.int().min(4096).default(MIB),
  outputTailBytes: z
    .int()
    .min(4096)
    .default(4 * MIB),
  intervalSeconds: z.number().positive().default(10),
  cgroup: z.union([z.boolean(), z.string().startsWith("/")]).default(true),
  keepRuns: z.int().min(0).default(10_000),
});
