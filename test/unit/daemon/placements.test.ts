import { describe, expect, it } from "vitest";
import { priceBook } from "../../../src/cost/index.ts";
import { replacePlacements } from "../../../src/daemon/placements.ts";
import type { OpenPlacement } from "../../../src/engine/index.ts";
import type { JsonObject } from "../../../src/model/index.ts";
import type { Provider } from "../../../src/provider/index.ts";

const closed: string[] = [];

function open(id: string, options: JsonObject = {}, type = "local"): OpenPlacement & { readonly id: string } {
  const close = async (): Promise<void> => {
    closed.push(id);
  };
  return { id, provider: { type, close } as Provider, options, prices: priceBook() };
}

describe("placements after a change of the manifest", () => {
  it.each([
    ["did not change stays open", open("old", { a: 1 }), open("new", { a: 1 }), [], "old", ["new"]],
    ["has other options is opened anew", open("old", { a: 1 }), open("new", { a: 2 }), [], "new", ["old"]],
    ["has another type is opened anew", open("old", {}, "local"), open("new", {}, "memory"), [], "new", ["old"]],
    ["is gone is closed", open("old"), undefined, [], undefined, ["old"]],
    ["is gone but holds jobs or runs stays open", open("old"), undefined, ["p"], "old", []],
    ["is new is opened", undefined, open("new"), [], "new", []],
  ] as const)("one that %s", async (_name, before, after, needed: readonly string[], inForce, gone) => {
    closed.length = 0;
    const placements = new Map(before ? [["p", before]] : []);
    await replacePlacements(placements, new Map(after ? [["p", after]] : []), (name) => needed.includes(name));
    expect(placements.get("p")?.id).toBe(inForce);
    expect(closed).toEqual(gone);
  });
});
