import { closePlacements, type OpenPlacement } from "../engine/index.ts";
import { canonical } from "../model/index.ts";

/**
 * Puts newly opened placements in the place of those in force. One that did not change stays open: what it
 * measures of its runs goes on without a gap. One that the manifest no longer names stays as long as `isNeeded`
 * says so: its runs in flight are still guarded, and what it holds can still be taken down.
 */
export async function replacePlacements(
  inForce: Map<string, OpenPlacement>,
  fresh: ReadonlyMap<string, OpenPlacement>,
  isNeeded: (placement: string) => boolean,
): Promise<void> {
  const superseded: OpenPlacement[] = [];
  for (const [name, open] of inForce) {
    const next = fresh.get(name);
    if (next ? isSame(open, next) : isNeeded(name)) continue;
    superseded.push(open);
    inForce.delete(name);
  }
  for (const [name, open] of fresh) {
    if (inForce.has(name)) superseded.push(open);
    else inForce.set(name, open);
  }
  await closePlacements(new Map(superseded.map((open, index) => [String(index), open])));
}

function isSame(a: OpenPlacement, b: OpenPlacement): boolean {
  return a.provider.type === b.provider.type && canonical(a.options) === canonical(b.options);
}
