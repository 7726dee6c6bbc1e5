import { boolCoreTag, floatCoreTag, intCoreTag, NOT_RESOLVED, nullCoreTag, type ScalarTagDefinition } from "js-yaml";

/** What stands in a file: plain maps, lists and scalars, with no prototype trick possible. */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap;
export type ValueMap = { readonly [key: string]: Value };

/** The core schema's tags for scalars but `str`, by their short names. */
export const SCALAR_TAGS: ReadonlyMap<string, ScalarTagDefinition> = new Map<string, ScalarTagDefinition>([
  ["null", nullCoreTag],
  ["bool", boolCoreTag],
  ["int", intCoreTag],
  ["float", floatCoreTag],
]);

/** A plain scalar by the core schema: `no` is text, `0o17` is 15, `1_000` is text. */
export function resolvePlain(text: string): Value {
  const first = text.charCodeAt(0);
  // Letters other than those of null, true, false, and a digit, sign or dot for numbers: text, without a trial.
  const number = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (number) {
    const int = intCoreTag.resolve(text, false, "");
    if (int !== NOT_RESOLVED) return int as number;
    const float = floatCoreTag.resolve(text, false, "");
    return float === NOT_RESOLVED ? text : (float as number);
  }
  if (text.length > 5) return text;
  const empty = nullCoreTag.resolve(text, false, "");
  if (empty !== NOT_RESOLVED) return null;
  const bool = boolCoreTag.resolve(text, false, "");
  return bool === NOT_RESOLVED ? text : (bool as boolean);
}

/** An identifier that was meant as text: leading zeros, or more digits than a number keeps. */
export function isChanged(text: string, value: number): boolean {
  if (/^[-+]?0[0-9]/.test(text)) return true;
  return /^[-+]?[0-9]+$/.test(text) && !Number.isSafeInteger(value);
}
