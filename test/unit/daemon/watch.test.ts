import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { noticeEnvironment } from "../../../src/daemon/environment.ts";
import { watchFiles } from "../../../src/daemon/watch.ts";
import type { Clock } from "../../../src/model/index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-watch-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A clock whose sleeps take no time, so that the watch looks as often as it can. */
const eager: Clock = { now: () => 0, monotonic: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) };

it("hears of a change that is written while the one before is taken over, and of files that come to be read", async () => {
  const [main, other] = [join(folder, "jobs.yaml"), join(folder, "other.yaml")];
  await writeFile(main, "1");
  let files: readonly string[] = [main];
  const ended = new AbortController();
  let changes = 0;
  const watching = watchFiles(
    eager,
    async () => files,
    async () => {
      changes += 1;
      // Written after it was read, before the take-over is done.
      if (changes === 1) await writeFile(main, "333");
      if (changes === 2) files = [main, other];
      if (changes === 3) await writeFile(other, "4444");
      if (changes === 4) ended.abort();
    },
    ended.signal,
    Number.POSITIVE_INFINITY,
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  await writeFile(main, "22");
  await watching;
  expect(changes).toBe(4);
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
