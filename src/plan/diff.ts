import { canonical, type FieldChange, type Json, type JsonObject } from "../model/index.ts";
import { compareText } from "./key.ts";

/**
 * The leaves in which two objects differ, ordered by path: `schedule.expression`, `command[2]`, `env["A.B"]`.
 * `from` is absent for what is added, `to` for what is removed.
 */
export function diffFields(from: JsonObject, to: JsonObject): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  walk("", from, to, changes);
  return changes;
}

function walk(path: string, from: Json, to: Json, changes: FieldChange[]): void {
  if (isObject(from) && isObject(to)) {
    for (const key of [...new Set([...Object.keys(from), ...Object.keys(to)])].sort(compareText)) {
      step(join(path, key), own(from, key), own(to, key), changes);
    }
  } else if (Array.isArray(from) && Array.isArray(to)) {
    for (let i = 0; i < Math.max(from.length, to.length); i += 1) step(`${path}[${i}]`, from[i], to[i], changes);
  } else if (canonical(from) !== canonical(to)) changes.push({ path, from, to });
}

function step(path: string, from: Json | undefined, to: Json | undefined, changes: FieldChange[]): void {
  if (from === undefined && to === undefined) return;
  if (from === undefined) changes.push({ path, to: to ?? null });
  else if (to === undefined) changes.push({ path, from });
  else walk(path, from, to, changes);
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
