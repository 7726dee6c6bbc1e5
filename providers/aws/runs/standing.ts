import { canonical, type Instant, MINUTE } from "../../../src/model/index.ts";
import { expandNative, type NativeSchedule, readExpression } from "../translate/index.ts";

/** The scheduler may start a fire so long after its time, and AWS may tell of it still later. */
export const AWAITED_MS: number = 25 * MINUTE;

interface Entry {
  readonly job: string;
  readonly natives: readonly NativeSchedule[];
}

/** An entry as it is deployed, or was until then. */
export type Stood<T> = T & { readonly until?: Instant };

/** What is deployed, and what was a while ago: what it started last may be told of when it has been edited or removed. */
export class Standing<T extends Entry> {
  readonly #known = new Map<string, Stood<T>>();

  take(deployed: readonly T[], now: Instant): readonly Stood<T>[] {
    const current = new Map(deployed.map((each) => [canonical(each), each]));
    for (const [key, each] of this.#known) {
      const { until = now } = each;
      if (now - until > AWAITED_MS) this.#known.delete(key);
      else this.#known.set(key, { ...each, until });
    }
    for (const [key, each] of current) this.#known.set(key, each);
    return [...this.#known.values()];
  }
}

/** The fires from `from` until before `to` of what stood then; undefined where an expression is not rota's, and cannot be read. */
export function firesOf(stood: readonly Stood<Entry>[], from: Instant, to: Instant): readonly Instant[] | undefined {
  if (stood.some(({ natives }) => natives.some(({ expression }) => !readExpression(expression).ok))) return undefined;
  return stood
    .flatMap(({ natives, until = to }) => natives.flatMap((native) => expandNative(native, from, Math.min(to, until))))
    .sort((a, b) => a - b);
}
