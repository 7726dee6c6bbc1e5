import { spawnSync } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimState, foreignState, type StatePaths, statePaths } from "../../../src/engine/home/index.ts";

const HOME = new URL("../../../src/engine/home/index.ts", import.meta.url).href;
const MINE = { namespace: "shop", environment: "dev" };
const THEIRS = { namespace: "store", environment: "dev" };

let folder: string;
let paths: StatePaths;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-home-"));
  paths = statePaths(join(folder, ".rota"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("whose a state folder is", () => {
  it("is written whole, for its owner alone, and nothing else is left beside it", async () => {
    await claimState(paths, MINE);
    expect(JSON.parse(await readFile(paths.owner, "utf8"))).toEqual(MINE);
    expect((await stat(paths.owner)).mode & 0o777).toBe(0o600);
    expect(await readdir(paths.dir)).toEqual(["owner.json"]);
    await claimState(paths, MINE);
    await expect(claimState(paths, THEIRS)).rejects.toThrow("holds the state of shop/dev, not of store/dev");
  });

  it("is not there at all where the process ends while it is written: the next one starts as the first", async () => {
    await mkdir(paths.dir);
    const code = `const home = await import(process.argv[1]);
      await home.claimState(home.statePaths(process.argv[2]), ${JSON.stringify(THEIRS)});`;
    // No byte can be written to any file: the first one ends it.
    const limited = ["-c", 'ulimit -f 0; exec "$0" "$@"', process.execPath, "--input-type=module", "-e", code];
    const ended = spawnSync("sh", [...limited, HOME, paths.dir], { encoding: "utf8" });
    expect(`${ended.signal} ${ended.stderr}`).toMatch(/SIGXFSZ|EFBIG/);
    expect(await readdir(paths.dir)).not.toContain("owner.json");
    await claimState(paths, MINE);
    expect(await foreignState(paths, MINE)).toBeUndefined();
  });

  it("is settled between two that claim it at once: one of them is refused", async () => {
    const owners = [MINE, THEIRS];
    const claims = await Promise.allSettled(owners.map((owner) => claimState(paths, owner)));
    const winner = claims.findIndex(({ status }) => status === "fulfilled");
    expect(claims.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(JSON.parse(await readFile(paths.owner, "utf8"))).toEqual(owners[winner]);
    expect(await readdir(paths.dir)).toEqual(["owner.json"]);
  });

  it.each(["", '{"namespace":"sh', "null", "{}", '{"namespace":"shop"}', "[1]"])(
    "is not guessed where the file is damaged (%s): it says how to mend it, and claims nothing",
    async (text) => {
      await mkdir(paths.dir);
      await writeFile(paths.owner, text);
      await writeFile(paths.ledger, "somebody's");
      for (const owner of [MINE, THEIRS]) {
        await expect(claimState(paths, owner)).rejects.toMatchObject({
          name: "StateError",
          message: expect.stringContaining(`${paths.owner} is damaged`),
          fix: expect.stringContaining(JSON.stringify(owner)),
        });
        expect(await foreignState(paths, owner)).toMatchObject({ name: "StateError" });
      }
      expect(await readFile(paths.owner, "utf8")).toBe(text);
      expect(await readFile(paths.ledger, "utf8")).toBe("somebody's");
      // As it says.
      await writeFile(paths.owner, JSON.stringify(MINE));
      await claimState(paths, MINE);
      await expect(claimState(paths, THEIRS)).rejects.toThrow("not of store/dev");
    },
  );

  it("is looked at without claiming it", async () => {
    expect(await foreignState(paths, MINE)).toBeUndefined();
    await expect(access(paths.dir)).rejects.toThrow("ENOENT");
  });
});
