import { z } from "zod";
import { describe, shorten, type UnitResult } from "../units.ts";
import { bytes, choice, duration, flag, leaf, listOf, mapOf, positive, text, whole } from "./leaf.ts";

export const WORKLOADS = ["process", "container", "http", "vm"] as const;
export type WorkloadKind = (typeof WORKLOADS)[number];

export interface ComputeLayer {
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
}

export interface ProcessLayer extends ComputeLayer {
  readonly command?: string | readonly string[] | undefined;
  readonly shell?: boolean | undefined;
  readonly cwd?: string | undefined;
}

export interface ContainerLayer extends ComputeLayer {
  readonly image?: string | undefined;
  readonly command?: readonly string[] | undefined;
  readonly gpu?: number | undefined;
}

export interface HttpLayer {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly timeout?: number | undefined;
  readonly expectStatus?: readonly number[] | undefined;
}

export interface VmLayer {
  readonly instances?: readonly string[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly action?: "start" | "stop" | undefined;
}

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .max(256) as unknown as z.ZodType<string, unknown>;
const anyText = z.string().max(1_000_000) as unknown as z.ZodType<string, unknown>;
const argument = z.string().max(100_000) as unknown as z.ZodType<string, unknown>;

const compute = {
  cpu: positive(1024, "vCPU that it asks for. Default 1.").optional(),
  memory: bytes("Memory that it asks for. Default 1GiB.", "8GiB").optional(),
  env: mapOf(variable, anyText, "Environment variables. Values are texts: quote numbers.").optional(),
  secrets: mapOf(
    variable,
    text("A reference into the provider's secret store, never a value."),
    "Environment variables whose values the provider's secret store holds: variable → reference.",
  ).optional(),
};

export const processWorkload: z.ZodType<ProcessLayer> = z
  .strictObject({
    command: leaf<string | readonly string[]>(readCommand, {
      type: ["array", "string"],
      items: { type: "string" },
      minItems: 1,
      minLength: 1,
      description: "The program and its arguments, as a list: no shell reads it. With `shell: true`, one text.",
      examples: [["python", "score.py"]],
    }).optional(),
    shell: flag("Hand `command`, one text, to /bin/sh. Default false.").optional(),
    cwd: text("Working directory, relative to the manifest's folder. Default: a folder of the run's own.").optional(),
    ...compute,
  })
  .meta({ description: "A program on the machine that rota runs on." });

export const containerWorkload: z.ZodType<ContainerLayer> = z
  .strictObject({
    image: text("The image, best with its digest: registry.example/churn@sha256:…").optional(),
    command: listOf(argument, "Replaces the image's entry point. Default: the image's own.").optional(),
    ...compute,
    gpu: whole(0, 64, "Number of GPUs. Default none.").optional(),
  })
  .meta({ description: "A container on the placement's container service." });

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
  .max(256) as unknown as z.ZodType<string, unknown>;
const headerValue = z
  .string()
  .regex(/^[^\r\n]*$/)
  .max(8192) as unknown as z.ZodType<string, unknown>;

export const httpWorkload: z.ZodType<HttpLayer> = z
  .strictObject({
    url: leaf(readUrl, { type: "string", format: "uri", description: "An http or https address." }).optional(),
    method: choice(METHODS, "Default POST.").optional(),
    headers: mapOf(headerName, headerValue, "Request headers. Put credentials into `secrets`.").optional(),
    body: z.string().max(1_000_000).meta({ description: "The request's body, as it is." }).optional(),
    secrets: mapOf(
      headerName,
      text("A reference into the secret store, never a value."),
      "Headers whose values the secret store holds: header → reference.",
    ).optional(),
    timeout: duration("How long the answer may take. Default 30s.", "30s").optional(),
    expectStatus: listOf(
      whole(100, 599, "A status code."),
      "Status codes that mean success. Default 200 to 299.",
    ).optional(),
  })
  .meta({ description: "A request; the run is what happens until the answer." });

export const vmWorkload: z.ZodType<VmLayer> = z
  .strictObject({
    instances: listOf(text("An instance's id or name."), "The machines, by id.").optional(),
    tags: mapOf(text("A tag."), anyText, "The machines, by their tags: all must match.").optional(),
    action: choice(["start", "stop"], "Default start.").optional(),
  })
  .meta({ description: "Machines that exist already, to be started or stopped." });

function readCommand(input: unknown): UnitResult<string | readonly string[]> {
  if (typeof input === "string" && input !== "") return { ok: true, value: input };
  if (Array.isArray(input) && input.length > 0 && input[0] !== "") {
    const wrong = input.findIndex((item) => typeof item !== "string" || item.length > 100_000);
    if (wrong < 0) return { ok: true, value: input as string[] };
    const message = `argument ${wrong + 1} of the command must be a text, not ${describe(input[wrong])}`;
    const error = { code: "R1022", message, path: [wrong] };
    const scalar = typeof input[wrong] !== "object";
    return { ok: false, error: scalar ? { ...error, hint: `quote it: "${shorten(String(input[wrong]))}"` } : error };
  }
  const hint = "write a list: [python, score.py]";
  return { ok: false, error: { code: "R1082", message: "the command must be a list of texts, and not empty", hint } };
}

/** An absolute http(s) address without a password in it. */
export function readUrl(input: unknown): UnitResult<string> {
  const wrong = (message: string, hint?: string): UnitResult<string> => ({
    ok: false,
    error: { code: "R1081", message, ...(hint === undefined ? {} : { hint }) },
  });
  if (typeof input !== "string") return wrong("the address must be a text like https://example.com/run");
  const url = URL.parse(input);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return wrong(`"${input.slice(0, 60)}" is not an http or https address`, "write it whole: https://example.com/run");
  }
  if (url.password !== "") return wrong("the address holds a password", "put it into `secrets`");
  return { ok: true, value: input };
}
