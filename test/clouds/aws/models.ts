import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A shape of the vendor's request models (botocore's service-2.json). */
interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
}

interface Model {
  readonly operations: Readonly<Record<string, { readonly input?: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** Checks what is sent against the vendor's own models: required, type, enum, length, pattern, range, and no unknown member. */
export class RequestChecker {
  readonly #folder: string;
  readonly #models = new Map<string, Model>();

  /** `folder`: botocore's data folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is wrong, each with its path; empty when nothing is. */
  check(service: string, operation: string, input: unknown): readonly string[] {
    const model = this.#model(service);
    const entry = model.operations[operation];
    if (!entry) return [`${service} has no operation ${operation}`];
    const problems: string[] = [];
    if (entry.input) this.#walk(model, entry.input.shape, input, operation, problems);
    return problems;
  }

  #model(service: string): Model {
    const known = this.#models.get(service);
    if (known) return known;
    const versions = readdirSync(join(this.#folder, service)).sort();
    const path = join(this.#folder, service, versions.at(-1) ?? "", "service-2.json");
    const model = JSON.parse(readFileSync(path, "utf8")) as Model;
    this.#models.set(service, model);
    return model;
  }

  #walk(model: Model, name: string, value: unknown, path: string, problems: string[]): void {
    const shape = model.shapes[name];
    if (!shape) {
      problems.push(`${path}: no shape ${name}`);
      return;
    }
    const inner = (shapeName: string, each: unknown, place: string) =>
      this.#walk(model, shapeName, each, place, problems);
    if (shape.type === "structure") checkStructure(shape, value, path, problems, inner);
    else if (shape.type === "list") checkList(shape, value, path, problems, inner);
    else if (shape.type === "map") checkMap(shape, value, path, problems, inner);
    else problems.push(...checkScalar(shape, value).map((problem) => `${path}: ${problem}`));
  }
}

type Inner = (shape: string, value: unknown, path: string) => void;

function checkStructure(shape: Shape, value: unknown, path: string, problems: string[], inner: Inner): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    problems.push(`${path}: not an object`);
    return;
  }
  const given = Object.entries(value).filter(([, each]) => each !== undefined);
  for (const name of shape.required ?? []) {
    if (!given.some(([key]) => key === name)) problems.push(`${path}.${name}: required`);
  }
  for (const [key, each] of given) {
    const member = shape.members?.[key];
    if (member) inner(member.shape, each, `${path}.${key}`);
    else problems.push(`${path}.${key}: unknown`);
  }
}

function checkList(shape: Shape, value: unknown, path: string, problems: string[], inner: Inner): void {
  if (!Array.isArray(value)) {
    problems.push(`${path}: not a list`);
    return;
  }
  problems.push(...checkSize(shape, value.length).map((problem) => `${path}: ${problem}`));
  for (const [index, each] of value.entries()) inner(shape.member?.shape ?? "", each, `${path}[${index}]`);
}

function checkMap(shape: Shape, value: unknown, path: string, problems: string[], inner: Inner): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    problems.push(`${path}: not a map`);
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    inner(shape.key?.shape ?? "", key, `${path} key "${key}"`);
    inner(shape.value?.shape ?? "", each, `${path}.${key}`);
  }
}

function checkScalar(shape: Shape, value: unknown): readonly string[] {
  switch (shape.type) {
    case "string":
      if (typeof value !== "string") return [`not a string: ${String(value)}`];
      return [
        ...checkSize(shape, value.length),
        ...(shape.enum && !shape.enum.includes(value) ? [`"${value}" is none of ${shape.enum.join(", ")}`] : []),
        ...(shape.pattern && !toPattern(shape.pattern).test(value) ? [`"${value}" is not ${shape.pattern}`] : []),
      ];
    case "integer":
    case "long":
      return Number.isInteger(value) ? checkSize(shape, value as number) : [`not a whole number: ${String(value)}`];
    case "float":
    case "double":
      return typeof value === "number" ? checkSize(shape, value) : [`not a number: ${String(value)}`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`not a boolean: ${String(value)}`];
    case "blob":
      return value instanceof Uint8Array ? [] : ["not bytes"];
    case "timestamp":
      return value instanceof Date && Number.isFinite(value.getTime()) ? [] : [`not a time: ${String(value)}`];
    default:
      return [`cannot check a ${shape.type}`];
  }
}

function checkSize({ min, max }: Shape, size: number): readonly string[] {
  if (min !== undefined && size < min) return [`${size} is less than ${min}`];
  return max !== undefined && size > max ? [`${size} is more than ${max}`] : [];
}

/** The models' patterns are Java's and hold for the whole text; some escape what Unicode patterns of ours must not. */
function toPattern(pattern: string): RegExp {
  const whole = `^(?:${pattern})$`;
  try {
    return new RegExp(whole, "u");
  } catch {
    return new RegExp(whole);
  }
}
