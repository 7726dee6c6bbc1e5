import type { Problem } from "../report.ts";
import { shorten } from "../units.ts";

const MOST_LISTED = 20;

/** An unknown name, with the one that was probably meant, or all that there are. */
export function unknownName(
  code: string,
  what: string,
  name: string,
  known: ReadonlyMap<string, unknown> | readonly string[],
  at?: "key",
): Problem {
  const count = "size" in known ? known.size : known.length;
  const names = "size" in known ? known.keys() : known;
  const few = count > 0 && count <= MOST_LISTED;
  const hint = few ? `known: ${[...names].join(", ")}` : `there is no ${what} of that name`;
  const candidates = { wanted: name, known: "size" in known ? { [Symbol.iterator]: () => known.keys() } : known };
  return { code, message: `unknown ${what} "${shorten(name)}"`, hint, candidates, ...(at === undefined ? {} : { at }) };
}
