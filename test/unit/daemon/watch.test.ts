import { appendFile, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noticeEnvironment } from "../../../src/daemon/environment.ts";
import { Reading } from "../../../src/daemon/reading.ts";
import { watchFiles } from "../../../src/daemon/watch.ts";
import { diskFiles } from "../../../src/engine/index.ts";
import type { Files } from "../../../src/manifest/index.ts";
import type { Clock } from "../../../src/model/index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-watch-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A clock whose sleeps take no time of ours, and as much of its own as they say. */
function eagerClock(): Clock {
  let now = 0;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      now += ms;
      setImmediate(resolve);
    });
  return { now: () => now, monotonic: () => now, sleep };
}

interface Follower {
  /** What each take-over read, the first reading at the front. */
  readonly seen: string[];
  readonly looks: () => number;
  readonly end: () => Promise<void>;
}

/** Follows one file as the daemon follows its manifest; `taken` may fail, or write meanwhile. */
async function follow(
  read: (files: Files) => Promise<string>,
  options: {
    readonly taken?: (text: string) => Promise<boolean>;
    readonly armed?: () => Promise<void>;
    readonly stamps?: () => Promise<string>;
  } = {},
): Promise<Follower> {
  let reading = new Reading(diskFiles);
  const seen = [await read(reading)];
  await options.armed?.();
  const ended = new AbortController();
  let looks = 0;
  const watching = watchFiles({
    clock: eagerClock(),
    watched: () => {
      looks += 1;
      const { stamps } = options;
      return stamps ? { stamps, isCurrent: () => reading.isCurrent() } : reading;
    },
    changed: async () => {
      const next = new Reading(diskFiles);
      const text = await read(next);
      reading = next;
      seen.push(text);
      return (await options.taken?.(text)) ?? true;
    },
    signal: ended.signal,
  });
  const end = async (): Promise<void> => {
    ended.abort();
    await watching;
  };
  return { seen, looks: () => looks, end };
}

const textOf = async (files: Files, path: string): Promise<string> => {
  const result = await files.read(path, 1000);
  return result.ok ? new TextDecoder().decode(result.bytes) : result.reason;
};

describe("the watch loses no change", () => {
  let file = "";
  beforeEach(async () => {
    file = join(folder, "jobs.yaml");
    await writeFile(file, "1");
  });
  const main = (files: Files): Promise<string> => textOf(files, file);
  const heard = (follower: Follower, ...texts: string[]): Promise<void> =>
    vi.waitFor(() => expect(follower.seen).toEqual(texts), 5000);

  it("written between the first reading and the first look, whatever time stamp it has", async () => {
    const follower = await follow(main, {
      armed: async () => {
        await writeFile(file, "2");
        await utimes(file, 1, 1);
      },
    });
    await heard(follower, "1", "2");
    await follower.end();
  });

  it("written twice within the grain of the file system's stamps", async () => {
    let saves = 1;
    const follower = await follow(main, {
      // Stamps of a file system that tell the first save from what was there, and not the second from the first.
      stamps: async () => (saves > 1 ? "saved" : "as it was"),
      taken: async (text) => {
        if (text === "2") await writeFile(file, "3");
        return true;
      },
    });
    await vi.waitFor(() => expect(follower.looks()).toBeGreaterThan(2));
    saves = 2;
    await writeFile(file, "2");
    await heard(follower, "1", "2", "3");
    await follower.end();
  });

  it("written piece by piece, of which none is read before the last is there", async () => {
    let pieces = ["", "2", "3", "4"];
    const follower = await follow(main, {
      stamps: async () => {
        const [piece, ...rest] = pieces;
        pieces = rest;
        if (piece) await appendFile(file, piece);
        return String(rest.length);
      },
    });
    await heard(follower, "1", "1234");
    await follower.end();
  });

  it("when the stamps show nothing at all, within a minute", async () => {
    const follower = await follow(main, { stamps: async () => "" });
    await vi.waitFor(() => expect(follower.looks()).toBeGreaterThan(2));
    await writeFile(file, "2");
    await heard(follower, "1", "2");
    await follower.end();
  });

  it("of the same size, with its old time put back", async () => {
    const follower = await follow(main);
    await vi.waitFor(() => expect(follower.looks()).toBeGreaterThan(2));
    const { atime, mtime } = await stat(file);
    await writeFile(file, "2");
    await utimes(file, atime, mtime);
    await heard(follower, "1", "2");
    await follower.end();
  });

  it("saved by renaming another over it, removed, and made again", async () => {
    const follower = await follow(main);
    await writeFile(join(folder, "new"), "2");
    await rename(join(folder, "new"), file);
    await heard(follower, "1", "2");
    await rm(file);
    await heard(follower, "1", "2", "missing");
    await writeFile(file, "2");
    await heard(follower, "1", "2", "missing", "2");
    await follower.end();
  });

  it("written while the one before is taken over", async () => {
    const follower = await follow(main, {
      armed: () => writeFile(file, "2"),
      taken: async (text) => {
        if (text === "2") await writeFile(file, "3");
        return true;
      },
    });
    await heard(follower, "1", "2", "3");
    await follower.end();
  });

  it("in a file that comes to match a pattern, or leads elsewhere now", async () => {
    const follower = await follow(async (files) => {
      const found = await files.glob(folder, "*.yaml", 10);
      await Promise.all(found.map((path) => files.stat(path)));
      return (await Promise.all(found.map((path) => textOf(files, path)))).join(" ");
    });
    await writeFile(join(folder, "other.yaml"), "b");
    await heard(follower, "1", "1 b");
    await writeFile(join(folder, "elsewhere"), "c");
    await symlink("elsewhere", join(folder, "link"));
    await rename(join(folder, "link"), join(folder, "other.yaml"));
    await heard(follower, "1", "1 b", "1 c");
    await follower.end();
  });

  it("that could not be taken over: it is tried again each minute until it can, and then no more", async () => {
    let tries = 0;
    const follower = await follow(main, {
      armed: () => writeFile(file, "2"),
      taken: async () => {
        tries += 1;
        return tries === 3;
      },
    });
    await heard(follower, "1", "2", "2", "2");
    const looks = follower.looks();
    expect(looks).toBeGreaterThanOrEqual(60);
    await vi.waitFor(() => expect(follower.looks()).toBeGreaterThan(looks + 100), 5000);
    expect(follower.seen).toHaveLength(4);
    await follower.end();
  });
});

it("shows the commands of notices enough to run, and no secret", () => {
  const env = {
    PATH: "/bin",
    HOME: "/home/x",
    TZ: "UTC",
    AWS_SECRET_ACCESS_KEY: "k",
    DB: "s3cret",
    ROTA_LOG: "info",
    ROTA_DB: "s3cret",
    USER: undefined,
  };
  expect(noticeEnvironment(env, ["s3cret"])).toEqual({ PATH: "/bin", HOME: "/home/x", TZ: "UTC", ROTA_LOG: "info" });
});
