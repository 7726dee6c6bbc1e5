import { z } from "zod";
import type { Money } from "../../model/index.ts";
import { parseBytes, parseDuration, parseMoney, parsePercent, type UnitResult } from "../units.ts";

/** The part of a JSON Schema that a leaf says of itself. */
export interface LeafSchema {
  readonly type?: string | readonly string[];
  readonly description: string;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly items?: { readonly type: string };
  readonly minItems?: number;
  readonly minLength?: number;
}

/** A leaf whose reader knows better than a type what is wrong: its error travels in the issue's `params`. */
export function leaf<T>(read: (input: unknown) => UnitResult<T>, schema: LeafSchema): z.ZodType<T, unknown> {
  return z
    .transform((input, context): T => {
      const result = read(input);
      if (result.ok) return result.value;
      const { message, path = [], ...params } = result.error;
      context.issues.push({ code: "custom", input, message, params, path: [...path] });
      return z.NEVER;
    })
    .meta({ ...schema });
}

export const NAME_PATTERN: RegExp = /^[a-z0-9][a-z0-9-]*$/;

const DURATION = "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$";
const SIZE = "^[0-9]+(\\.[0-9]+)?(B|kB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|PiB)$";
const MONEY = "^[0-9]+(\\.[0-9]{1,9})? [A-Z]{3}$";

/** Seconds. */
export function duration(description: string, example = "30m"): z.ZodType<number, unknown> {
  return leaf(parseDuration, { type: "string", pattern: DURATION, description, examples: [example] });
}

export function bytes(description: string, example: string): z.ZodType<number, unknown> {
  return leaf(parseBytes, { type: "string", pattern: SIZE, description, examples: [example] });
}

export function amount(description: string, example = "5 USD"): z.ZodType<Money, unknown> {
  return leaf(parseMoney, { type: "string", pattern: MONEY, description, examples: [example] });
}

/** A share of 1. */
export function percent(description: string, example: string): z.ZodType<number, unknown> {
  return leaf((input) => parsePercent(input), {
    type: "string",
    pattern: "^[0-9]+(\\.[0-9]+)?%$",
    description,
    examples: [example],
  });
}

/** A limit that `none` takes away again, for a job that must not have what `defaults` give it. */
export function limit<T>(
  read: (input: unknown) => UnitResult<T>,
  pattern: string,
  description: string,
  example: string,
): z.ZodType<T | null, unknown> {
  return leaf<T | null>((input) => (input === "none" ? { ok: true, value: null } : read(input)), {
    type: "string",
    pattern: `${pattern}|^none$`,
    description: `${description} \`none\` takes a default away.`,
    examples: [example, "none"],
  });
}

export const LIMIT_PATTERNS: { readonly duration: string; readonly size: string; readonly money: string } = {
  duration: DURATION,
  size: SIZE,
  money: MONEY,
};

export function text(description: string): z.ZodType<string, unknown> {
  return z.string().min(1).max(10_000).meta({ description }) as unknown as z.ZodType<string, unknown>;
}

export function name(description: string, longest = 63): z.ZodType<string, unknown> {
  return z.string().regex(NAME_PATTERN).max(longest).meta({ description }) as unknown as z.ZodType<string, unknown>;
}

export function flag(description: string): z.ZodType<boolean, unknown> {
  return z.boolean().meta({ description }) as unknown as z.ZodType<boolean, unknown>;
}

export function choice<const T extends string>(values: readonly T[], description: string): z.ZodType<T, unknown> {
  return z.enum(values).meta({ description }) as unknown as z.ZodType<T, unknown>;
}

export function whole(least: number, most: number, description: string): z.ZodType<number, unknown> {
  return z.int().min(least).max(most).meta({ description }) as unknown as z.ZodType<number, unknown>;
}

/** More than nothing. */
export function positive(most: number, description: string): z.ZodType<number, unknown> {
  return z.number().gt(0).max(most).meta({ description }) as unknown as z.ZodType<number, unknown>;
}

export function listOf<T>(
  item: z.ZodType<T, unknown>,
  description: string,
  least = 1,
  most = 1000,
): z.ZodType<readonly T[], unknown> {
  return z.array(item).min(least).max(most).meta({ description }) as unknown as z.ZodType<readonly T[], unknown>;
}

export function mapOf<T>(
  key: z.ZodType<string, unknown>,
  value: z.ZodType<T, unknown>,
  description: string,
): z.ZodType<Readonly<Record<string, T>>, unknown> {
  return z.record(key as unknown as z.ZodString, value).meta({ description }) as unknown as z.ZodType<
    Readonly<Record<string, T>>,
    unknown
  >;
}
