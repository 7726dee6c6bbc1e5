import type { z } from "zod";
import { ProviderError } from "./error.ts";
import type { OpenContext } from "./port.ts";

/** What the manifest says under the placement, checked; throws `invalid` that names each place and what is wrong there. */
export function parseOptions<T>(schema: z.ZodType<T>, context: Pick<OpenContext, "placement" | "options">): T {
  const parsed = schema.safeParse(context.options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const place = ["providers", context.placement, ...issue.path].map(String).join(".");
    return `${place}: ${issue.message}`;
  });
  throw new ProviderError("invalid", problems.join("; "));
}
