import type { Resource } from "../model/index.ts";

/** `kind/id`, unique within a placement; what `dependsOn` says. */
export function keyOf(resource: Pick<Resource, "kind" | "id">): string {
  return `${resource.kind}/${resource.id}`;
}

/** By code units, so that every machine orders alike. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
