import { type Finding, ProviderError } from "../../../src/provider/index.ts";

/** One question of the doctor's: what it found, once or for each thing it looked at. */
export type Check = () => Promise<Finding | readonly Finding[]>;

export function found(check: string, ok: Finding["ok"], detail: string, fix?: string): Finding {
  return { check, ok, detail, ...(fix === undefined ? {} : { fix }) };
}

/** Each question by itself, so that one denial hides no other. Never throws. */
export async function answer(name: string, check: Check): Promise<readonly Finding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    if (!(error instanceof ProviderError)) return [found(name, false, String(error))];
    return [found(name, false, error.message === "" ? error.code : error.message, error.fix)];
  }
}
