import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Standing } from "../../../../providers/aws/runs/standing.ts";
import type { NativeSchedule } from "../../../../providers/aws/translate/index.ts";
import { HOUR, MINUTE } from "../../../../src/model/index.ts";

interface Entry {
  readonly job: string;
  readonly natives: readonly NativeSchedule[];
}

const NOW = Date.UTC(2026, 10, 24, 6);
const entry = (job: string): Entry => ({ job, natives: [] });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-standing-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): Standing<Entry> => new Standing(join(folder, "requests.json"));
const kept = async (): Promise<readonly object[]> => JSON.parse(await readFile(join(folder, "requests.json"), "utf8"));

describe("what stood a while ago", () => {
  it("is noted for all that end together by one writing: a thousand edits take no thousand files", async () => {
    const standing = open();
    const [first, ...others] = ["a", "b", "c"].map((job) => standing.ends(entry(job), NOW));
    await first;
    expect(await kept()).toEqual(["a", "b", "c"].map((job) => ({ ...entry(job), until: NOW })));
    await Promise.all(others);
    expect((await open().take([], NOW + MINUTE)).map(({ job }) => job)).toEqual(["a", "b", "c"]);
  });

  it("is forgotten by those too who only edit, and never list", async () => {
    await open().ends(entry("old"), NOW);
    await open().ends(entry("new"), NOW + HOUR);
    expect(await kept()).toEqual([{ ...entry("new"), until: NOW + HOUR }]);
  });

  it("stands until it is gone from a listing, then a while longer, and what is kept says the same", async () => {
    const standing = open();
    const untils = async (names: readonly string[], at: number) =>
      (await standing.take(names.map(entry), at)).map(({ job, until }) => [job, until]);
    expect(await untils(["a", "b"], NOW)).toEqual([
      ["a", undefined],
      ["b", undefined],
    ]);
    await standing.ends(entry("a"), NOW);
    // It could not be edited: it stands as before.
    expect(await untils(["a"], NOW + MINUTE)).toEqual([
      ["a", undefined],
      ["b", NOW + MINUTE],
    ]);
    expect(await kept()).toEqual([entry("a"), { ...entry("b"), until: NOW + MINUTE }]);
    expect(await untils(["a"], NOW + HOUR)).toEqual([["a", undefined]]);
    expect(await kept()).toEqual([entry("a")]);
  });
});
