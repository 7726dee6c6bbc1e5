import type { z } from "zod";
import { nearest } from "../diagnostic/index.ts";
import { NAME_PATTERN } from "./define/leaf.ts";
import type { Path } from "./locate.ts";
import { cut, type ManifestFile, type Problem, type Report } from "./report.ts";
import type { Value } from "./scalar.ts";
import { describe, shorten } from "./units.ts";

export interface Checked<T> {
  /** What is left when everything wrong is taken away; undefined when nothing is. */
  readonly value: T | undefined;
  /** Paths (joined by dots) that were taken away: what is missing there was not forgotten. */
  readonly broken: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const ROUNDS = 4;
/** Of one map. */
const MOST_UNKNOWN_KEYS = 100;

/** Checks one part of a file, reports all that is wrong with it, and goes on with the rest. */
export function check<T>(
  schema: z.ZodType<T>,
  raw: Value | undefined,
  file: ManifestFile,
  path: Path,
  report: Report,
): Checked<T> {
  let result = schema.safeParse(raw);
  if (result.success) return { value: result.data, broken: NONE };
  if (report.isFull) return { value: undefined, broken: new Set([""]) };
  const broken = new Set<string>();
  const rest = { value: structuredClone(raw) };
  for (let round = 0; round < ROUNDS && !result.success; round++) {
    const { issues } = result.error;
    if (round === 0) {
      const found = issues.flatMap((issue) => problemsOf(issue, rest.value, schema));
      reportFound(found, broken, (at, problem) => report.add(file, [...path, ...at], problem));
    }
    for (const at of issues.flatMap(pathsOf)) broken.add(remove(rest, at).join("."));
    if (broken.has("")) return { value: undefined, broken };
    result = schema.safeParse(rest.value);
  }
  return { value: result.success ? result.data : undefined, broken };
}

/** A key that is missing because it was misspelt is one mistake, not two. */
function reportFound(found: readonly Found[], broken: Set<string>, say: (at: Path, problem: Problem) => void): void {
  for (const { meant } of found) if (meant !== undefined) broken.add(meant.join("."));
  for (const { at, problem } of found) {
    if (problem.code !== "R1021" || !broken.has(at.join("."))) say(at, problem);
  }
}

/** Takes away the key at a path, or the map's key that holds the list it is in; answers what went. */
function remove(holder: { value: Value | undefined }, at: Path): Path {
  const path = cut(holder.value, at).path;
  let owner: Record<string, unknown> | undefined;
  let depth = 0;
  let value: unknown = holder.value;
  for (let i = 0; i < path.length; i++) {
    if (value === null || typeof value !== "object") break;
    if (!Array.isArray(value)) {
      owner = value as Record<string, unknown>;
      depth = i + 1;
    }
    value = (value as Record<string | number, unknown>)[path[i] as string];
  }
  const gone = path.slice(0, depth);
  if (owner === undefined) holder.value = undefined;
  else delete owner[String(gone.at(-1))];
  return gone;
}

type Issue = z.core.$ZodIssue;

function pathsOf(issue: Issue): Path[] {
  const path = issue.path as Path;
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
}

interface Found {
  readonly at: Path;
  readonly problem: Problem;
  /** The key that was probably meant, which then is not missing as well. */
  readonly meant?: Path;
}

function problemsOf(issue: Issue, root: Value | undefined, schema: z.ZodType): Found[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.slice(0, MOST_UNKNOWN_KEYS).map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
      const problem: Problem = { code: "R1020", message: `unknown key "${shorten(key)}"`, hint, at: "key" };
      const at = [...path, key];
      return near === undefined ? { at, problem } : { at, problem, meant: [...path, near] };
    });
  }
  const { path: written, reached } = cut(root, path);
  const input = reached ? valueAt(root, written) : undefined;
  return [{ at: path, problem: problemOf(issue, input, path) }];
}

/** The last key of a path for a sentence; an item of a list by its number from 1. */
function named(path: Path): string {
  const last = path.at(-1) ?? "this file";
  return typeof last === "number" ? `item ${last + 1} of ${named(path.slice(0, -1))}` : `"${last}"`;
}

function problemOf(issue: Issue, input: unknown, path: Path): Problem {
  const key = named(path);
  if (input === null && issue.code !== "invalid_key") {
    return { code: "R1023", message: `${key} has no value`, hint: "give it one, or remove the key" };
  }
  switch (issue.code) {
    case "custom": {
      const { code, ...rest } = (issue.params ?? {}) as Partial<Problem>;
      if (input === undefined) return missing(key);
      return code === undefined ? notTaken(issue.message, input, key) : { ...rest, code, message: issue.message };
    }
    case "invalid_type":
      return input === undefined ? missing(key) : wrongType(issue.expected, input, key);
    case "invalid_value": {
      const hint = `one of: ${issue.values.join(", ")}`;
      const candidates = { wanted: String(input), known: issue.values.map(String) };
      return { code: "R1024", message: `${key} cannot be ${describe(input)}`, hint, candidates };
    }
    case "too_small":
    case "too_big":
      return outOfRange(issue, input, key);
    case "invalid_format": {
      const pattern = "pattern" in issue ? String(issue.pattern) : "";
      return PATTERN_HINTS.has(pattern)
        ? badName(String(input), pattern, "value")
        : notTaken(issue.message, input, key);
    }
    case "invalid_key":
      return badName(String(path.at(-1)), patternOf(issue.issues[0]), "key");
    default:
      return { code: "R1022", message: `${key} cannot be ${describe(input)}` };
  }
}

/** A rule that a provider's own schema says in words: "must be a region such as us-east-1". */
function notTaken(message: string, input: unknown, key: string): Problem {
  const said = /^must /.test(message) ? message : `cannot be ${describe(input)}`;
  return { code: "R1066", message: `${key} ${said}` };
}

function missing(key: string): Problem {
  return { code: "R1021", message: `the key ${key} is missing`, at: "key" };
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["string", "a text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "a map"],
  ["record", "a map"],
]);

function wrongType(expected: string, input: unknown, key: string): Problem {
  const message = `${key} must be ${KINDS.get(expected) ?? expected}, not ${describe(input)}`;
  const hint = key === '"schedule"' ? SCHEDULE_HINT : typeHint(expected, input);
  return hint === undefined ? { code: "R1022", message } : { code: "R1022", message, hint };
}

/** The one map that mostly is written as a text. */
const SCHEDULE_HINT = 'write "0 6 * * 1-5", { every: day } or manual';

function typeHint(expected: string, input: unknown): string | undefined {
  if (expected === "string" && (typeof input === "number" || typeof input === "boolean")) return `quote it: "${input}"`;
  if (expected === "boolean" && typeof input === "string") {
    if (/^(yes|y|on)$/i.test(input)) return "write true";
    if (/^(no|n|off)$/i.test(input)) return "write false";
  }
  if ((expected === "number" || expected === "int") && typeof input === "string") {
    const plain = input.replace(/[_, ]/g, "");
    if (/^\d+(\.\d+)?$/.test(plain)) return `write ${plain}`;
  }
  if (expected === "array" && typeof input === "string") return `write [${shorten(input)}]`;
  return undefined;
}

function outOfRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, input: unknown, key: string): Problem {
  const small = issue.code === "too_small";
  const bound = small ? issue.minimum : issue.maximum;
  if (typeof input === "string") {
    return small
      ? { code: "R1023", message: `${key} is empty`, hint: "give it a value, or remove the key" }
      : { code: "R1027", message: `this is longer than ${bound} characters` };
  }
  if (Array.isArray(input)) {
    return small
      ? { code: "R1023", message: `the list ${key} is empty`, hint: "give it a value, or remove the key" }
      : { code: "R1025", message: `the list ${key} has more than ${bound} items` };
  }
  const relation = small ? (issue.inclusive ? "at least" : "more than") : "at most";
  return { code: "R1025", message: `${key} must be ${relation} ${bound}, not ${String(input)}` };
}

const PATTERN_HINTS: ReadonlyMap<string, string> = new Map([
  [String(NAME_PATTERN), "names have small letters, digits and dashes, and begin with a letter or digit"],
  ["/^[A-Za-z_][A-Za-z0-9_]*$/", "variables have letters, digits and underscores, and no digit first"],
  ["/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/", "header names have letters, digits and dashes"],
  ["/^[^\\r\\n]*$/", "a header is one line"],
  ["/^[A-Za-z0-9][A-Za-z0-9._/-]*$/", "labels have letters, digits and . _ / -, and begin with a letter or digit"],
]);

function badName(input: string, pattern: string, at: "key" | "value"): Problem {
  const suggestion = pattern === String(NAME_PATTERN) ? suggestName(input) : undefined;
  const hint = suggestion === undefined ? PATTERN_HINTS.get(pattern) : `${PATTERN_HINTS.get(pattern)}: "${suggestion}"`;
  const message = `"${shorten(input)}" cannot be used as a name here`;
  return hint === undefined ? { code: "R1027", message, at } : { code: "R1027", message, at, hint };
}

/** The same name as it would be allowed, or undefined when little would be left of it. */
export function suggestName(input: string): string | undefined {
  const plain = input
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 52);
  return plain === "" || plain === input ? undefined : plain;
}

function patternOf(issue: Issue | undefined): string {
  return issue !== undefined && "pattern" in issue ? String(issue.pattern) : "";
}

function valueAt(root: Value | undefined, path: Path): unknown {
  let at: unknown = root;
  for (const part of path) at = (at as Record<string | number, unknown>)[part];
  return at;
}

/** The keys that the schema knows for the map at a path. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let at: z.core.$ZodType = unwrap(schema);
  for (const part of path) {
    const def = at._zod.def as { shape?: Record<string, z.ZodType>; valueType?: z.ZodType; element?: z.ZodType };
    const next = def.shape && Object.hasOwn(def.shape, part) ? def.shape[part] : (def.valueType ?? def.element);
    if (next === undefined) return [];
    at = unwrap(next);
  }
  return Object.keys((at._zod.def as { shape?: object }).shape ?? {});
}

/** The schema within optionals and shorthands. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let at = schema;
  for (;;) {
    const def = at._zod.def as { type: string; innerType?: z.core.$ZodType; out?: z.core.$ZodType };
    const inner = def.type === "pipe" ? def.out : def.innerType;
    if (inner === undefined) return at;
    at = inner;
  }
}
