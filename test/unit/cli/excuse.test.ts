import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInShell, type ShellOutcome } from "../../support/shell.ts";

const MANIFEST = `rota: 1
namespace: shop
timezone: UTC
providers: { local: {} }
environments: { dev: { provider: local } }
jobs:
  close: { process: { command: [echo, hi] }, schedule: "0 7 * * *" }
`;
const [RAN, MISSED, RUNNING, TO_COME] = [23, 24, 25, 26].map((day) => `close/2026-11-${day}T07:00/0`) as [
  string,
  string,
  string,
  string,
];

/** A daemon's answers, by the fire that it is asked for. */
const ANSWERS: Readonly<Record<string, readonly [status: number, body: object]>> = {
  [RAN]: [
    409,
    {
      error: {
        code: "refused",
        message: `${RAN} ran: it needs no excuse, and none was recorded`,
        fix: "nothing to do",
      },
    },
  ],
  [MISSED]: [200, { ok: true, was: "missed" }],
  [RUNNING]: [200, { ok: true, was: "running", run: "close.20261125T0700.1" }],
  [TO_COME]: [200, { ok: true, was: "upcoming" }],
};

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-excuse-"));
  await writeFile(join(folder, "jobs.yaml"), MANIFEST);
  await mkdir(join(folder, ".rota"));
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => (text += part));
    request.on("end", () => {
      const { fire, reason } = JSON.parse(text) as { readonly fire: string; readonly reason: string };
      const [status, body] = ANSWERS[fire] ?? [404, { error: { code: "notFound", message: `no fire ${fire}` } }];
      response.statusCode = reason === "month end is late" ? status : 500;
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, ".rota", "rota.sock"), resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const excuse = (...fires: readonly string[]): Promise<ShellOutcome> =>
  runInShell(folder, ["today", "--excuse", ...fires, "--reason", "month end is late"], {});

test("a fire that was missed is excused, and what it was is said", async () => {
  expect(await excuse(MISSED)).toEqual({ code: 0, stdout: "", stderr: `excused ${MISSED}: it was missed\n` });
});

test("a fire that ran needs no excuse: that is said, and is no success", async () => {
  const { code, stderr } = await excuse(RAN);
  expect(code).toBe(1);
  expect(stderr).toContain(`${RAN} ran: it needs no excuse, and none was recorded`);
  expect(stderr).not.toContain(`excused ${RAN}`);
});

test("of several, it says which had run; the others are excused all the same", async () => {
  const { code, stderr } = await excuse(RAN, MISSED, RUNNING, TO_COME, "other/2026-11-23T07:00/0");
  expect(code).toBe(1);
  expect(stderr.trimEnd().split("\n")).toEqual([
    `excused ${MISSED}: it was missed`,
    `noted for ${RUNNING}: it runs, and the excuse counts if close.20261125T0700.1 does not succeed`,
    `noted for ${TO_COME}: it is to come, and the excuse counts if it does not run well`,
    `not excused: ${RAN} ran: it needs no excuse, and none was recorded (nothing to do)`,
    "not excused: no fire other/2026-11-23T07:00/0",
  ]);
});
