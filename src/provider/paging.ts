import { ProviderError } from "./error.ts";

/** More than a limiter lets through at a time; the rest waits there. */
const AT_ONCE = 16;

/** Every page or an error; a page that repeats its token would go on for ever. */
export async function pages<T>(
  load: (token: string | undefined) => Promise<{
    readonly items: readonly T[];
    /** Undefined, null or empty after the last page, as the vendor has it. */
    readonly next: string | null | undefined;
  }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const page = await load(token);
    items.push(...page.items);
    if (page.next === undefined || page.next === null || page.next === "") return items;
    if (seen.has(page.next)) throw new ProviderError("unavailable", "the same page came twice");
    seen.add(page.next);
    token = page.next;
  }
}

/** `{ NAME: token }`, or nothing for the first page. */
export function next<K extends string>(name: K, token: string | undefined): { readonly [key in K]?: string } {
  return token === undefined ? {} : ({ [name]: token } as { readonly [key in K]: string });
}

/** The results in the order of the items; the first failure is thrown. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let index = 0;
  const worker = async (): Promise<void> => {
    for (let at = index++; at < items.length; at = index++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
