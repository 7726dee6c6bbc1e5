import { z } from "zod";
import type { JsonObject } from "../../../src/model/index.ts";

/** Something that exists already, started as it is: `aws: { target: … }`. */
export type Target =
  | {
      readonly kind: "function";
      readonly arn: string;
      readonly input: JsonObject;
      /** `log`: every invocation that the function's log tells of is a run of the job. */
      readonly runs?: "log";
    }
  | { readonly kind: "stateMachine"; readonly arn: string; readonly input: JsonObject }
  | { readonly kind: "pipeline"; readonly name: string; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: "glueJob"; readonly name: string; readonly arguments: Readonly<Record<string, string>> };

const input = z.record(z.string(), z.json()).optional();
const texts = z.record(z.string(), z.string()).optional();

const said = z
  .strictObject({
    lambda: z
      .string()
      .regex(
        /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?$/,
        "must be a function's ARN",
      )
      .optional(),
    stateMachine: z
      .string()
      .regex(/^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[A-Za-z0-9_-]+$/, "must be a state machine's ARN")
      .optional(),
    pipeline: z
      .string()
      .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}$/, "must be a pipeline's name")
      .optional(),
    glueJob: z.string().min(1).max(255).optional(),
    runs: z.enum(["log"], "must be log").optional(),
    input,
    parameters: texts,
    arguments: texts,
  })
  .check((context) => {
    const { value } = context;
    const say = (message: string): void => void context.issues.push({ code: "custom", input: value, message });
    const named = NAMES.filter((name) => value[name] !== undefined);
    if (named.length !== 1) say(`names one of ${NAMES.join(", ")}`);
    const [first] = named;
    for (const [key, owners] of Object.entries(GOES_WITH)) {
      if (value[key as keyof typeof GOES_WITH] !== undefined && first && !owners.includes(first))
        say(`${key} goes with ${owners.join(" and ")}`);
    }
  });

type Said = z.infer<typeof said>;
const NAMES = ["lambda", "stateMachine", "pipeline", "glueJob"] as const;
const GOES_WITH: Readonly<Record<"input" | "parameters" | "arguments" | "runs", readonly (typeof NAMES)[number][]>> = {
  runs: ["lambda"],
  input: ["lambda", "stateMachine"],
  parameters: ["pipeline"],
  arguments: ["glueJob"],
};

/** One of the four, and what goes with it. */
export const targetOptions: z.ZodType<Target> = said.transform((value, context) => {
  const target = targetOf(value);
  if (target) return target;
  context.issues.push({ code: "custom", input: value, message: "names nothing" });
  return z.NEVER;
}) as unknown as z.ZodType<Target>;

function targetOf(said: Said): Target | undefined {
  const given = (said.input ?? {}) as JsonObject;
  if (said.lambda !== undefined)
    return {
      kind: "function",
      arn: said.lambda,
      input: given,
      ...(said.runs === undefined ? {} : { runs: said.runs }),
    };
  if (said.stateMachine !== undefined) return { kind: "stateMachine", arn: said.stateMachine, input: given };
  if (said.pipeline !== undefined) return { kind: "pipeline", name: said.pipeline, parameters: said.parameters ?? {} };
  if (said.glueJob !== undefined) return { kind: "glueJob", name: said.glueJob, arguments: said.arguments ?? {} };
  return undefined;
}
