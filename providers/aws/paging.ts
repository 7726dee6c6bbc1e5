import { ProviderError } from "../../src/provider/index.ts";

/** More than the limiter lets through at a time; the rest waits there. */
const AT_ONCE = 16;

/** Every page or an error; a page that repeats its token would go on for ever. */
export async function pages<T>(
  load: (nextToken: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const page = await load(token);
    items.push(...page.items);
    if (page.next === undefined || page.next === null) return items;
    if (seen.has(page.next)) throw new ProviderError("unavailable", "AWS answered the same page twice");
    seen.add(page.next);
    token = page.next;
  }
}

export function next<K extends string>(name: K, token: string | undefined): { readonly [key in K]?: string } {
  return token === undefined ? {} : ({ [name]: token } as { readonly [key in K]: string });
}

export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let index = 0;
  const worker = async (): Promise<void> => {
    for (let at = index++; at < items.length; at = index++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
