import { lstat, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PageAsset } from "../../../src/server/index.ts";
import { BEARER, call, JSON_TYPE, openTestServer, type TestServer, TOKEN } from "../../support/server.ts";

const open: TestServer[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-start-"));
});
afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
  await rm(folder, { recursive: true, force: true });
});
const start = async (...given: Parameters<typeof openTestServer>): Promise<TestServer> => {
  const world = await openTestServer(...given);
  open.push(world);
  return world;
};

describe("where it listens", () => {
  test.each(["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.example.com", "localhost.example"])(
    "%s without a token of its own is refused",
    async (host) => {
      await expect(start({ host })).rejects.toThrow("is not a loopback address");
    },
  );

  test("a short token is refused everywhere", async () => {
    await expect(start({ token: "short" })).rejects.toThrow("shorter than 32");
  });

  test("elsewhere than on loopback every fact needs the token; health and the page do not", async () => {
    const page: PageAsset[] = [{ path: "/", type: "text/html", body: Buffer.from("hi") }];
    const world = await start({ host: "0.0.0.0", tokenGiven: true, allowedHosts: ["rota.example"], page });
    const host = { host: "rota.example" };
    const local = { ...world, url: world.url.replace("0.0.0.0", "127.0.0.1") };
    for (const path of ["/api/status", "/api/runs", "/api/today", "/metrics", "/api/events", "/api/jobs"]) {
      expect([path, (await call(local, { path, headers: host })).status]).toEqual([path, 401]);
    }
    expect((await call(local, { path: "/api/status", headers: { ...host, ...BEARER } })).status).toBe(200);
    for (const path of ["/", "/livez", "/readyz", "/openapi.json"]) {
      expect([path, (await call(local, { path, headers: host })).status]).toEqual([path, 200]);
    }
    expect((await call(local, { path: "/livez", headers: { host: "other.example" } })).status).toBe(403);
  });

  test("a proxy's name is let in when it is allowed, with its own origin", async () => {
    const world = await start({ allowedHosts: ["rota.example"] });
    const headers = { ...BEARER, ...JSON_TYPE, host: "rota.example", origin: "https://rota.example" };
    const asked = { method: "POST", path: "/api/guard/release", body: JSON.stringify({ reason: "x" }) };
    expect((await call(world, { ...asked, headers })).status).toBe(200);
    expect((await call(world, { ...asked, headers: { ...headers, origin: "https://rota.example.evil" } })).status).toBe(
      403,
    );
  });

  test("a port that is taken is said, and leaves no socket behind", async () => {
    const first = await start();
    const port = Number(new URL(first.url).port);
    const socketPath = join(folder, "s.sock");
    await expect(start({ port, socketPath })).rejects.toThrow("EADDRINUSE");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("the socket", () => {
  test("is for its owner alone, and is gone after the close", async () => {
    const world = await start();
    const info = await lstat(world.socketPath);
    expect([info.isSocket(), info.mode & 0o777]).toEqual([true, 0o600]);
    expect(await readdir(dirname(world.socketPath))).toEqual(["rota.sock"]);
    await world.server.close();
    expect(await readdir(dirname(world.socketPath))).toEqual([]);
  });

  test("a live daemon's is refused, and goes on working", async () => {
    const first = await start();
    await expect(start({ socketPath: first.socketPath })).rejects.toThrow("another daemon answers");
    expect((await call(first, { path: "/livez", socket: true })).status).toBe(200);
  });

  test("a dead daemon's is replaced", async () => {
    const socketPath = join(folder, "stale.sock");
    await leaveStale(socketPath);
    expect((await lstat(socketPath)).isSocket()).toBe(true);
    const world = await start({ socketPath });
    expect((await call({ ...world, socketPath }, { path: "/livez", socket: true })).status).toBe(200);
  });

  test("a file in its place is left alone", async () => {
    const socketPath = join(folder, "file");
    await writeFile(socketPath, "precious");
    await expect(start({ socketPath })).rejects.toThrow("not a socket");
    expect((await lstat(socketPath)).size).toBe(8);
  });

  test("a path that the system cannot hold is said in time", async () => {
    const socketPath = join(folder, `${"x".repeat(120)}.sock`);
    await expect(start({ socketPath })).rejects.toMatchObject({
      code: "tooLong",
      fix: expect.stringContaining("--state"),
    });
  });

  test("one that another daemon put in its place is not removed", async () => {
    const world = await start();
    await rm(world.socketPath);
    await leaveStale(world.socketPath);
    await world.server.close();
    expect((await lstat(world.socketPath)).isSocket()).toBe(true);
  });
});

/** A socket file that nobody listens on: what a daemon leaves that was killed. */
async function leaveStale(path: string): Promise<void> {
  const { rename } = await import("node:fs/promises");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
  await rename(`${path}.live`, path);
  await new Promise((resolve) => server.close(resolve));
}

describe("bounds", () => {
  test("a body past 16 KiB is refused, and headers past 8 KiB", async () => {
    const world = await start();
    const headers = { ...BEARER, ...JSON_TYPE };
    const body = JSON.stringify({ reason: "x".repeat(20_000) });
    const large = await call(world, { method: "POST", path: "/api/guard/release", headers, body });
    expect([large.status, JSON.parse(large.text).error.code]).toEqual([413, "tooLarge"]);
    expect((await call(world, { path: "/livez", headers: { x: "y".repeat(9000) } })).status).toBe(431);
    expect(world.control.changes).toEqual([]);
  });

  test.each([
    ["no Host", "GET /livez HTTP/1.1\r\n\r\n"],
    [
      "two lengths",
      "POST /api/guard/release HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    ],
    [
      "length and chunks",
      "POST /api/guard/release HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ],
    ["a broken chunk", "POST /livez HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"],
    ["an unheard-of method", "FOO /livez HTTP/1.1\r\nHost: HOST\r\n\r\n"],
    ["another version", "GET /livez HTTP/9.9\r\nHost: HOST\r\n\r\n"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["not HTTP", "\u0016\u0003\u0001 hello\r\n\r\n"],
  ])("a malformed request is refused, in the one shape of errors: %s", async (_name, text) => {
    const world = await start();
    const answer = await raw(world, text.replace("HOST", world.host));
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(errorOf(answer)).toMatchObject({ code: "invalid", message: expect.stringMatching(/./) });
    expect(world.control.changes).toEqual([]);
  });

  test.each([
    ["headers past 8 KiB", `GET /livez HTTP/1.1\r\nHost: HOST\r\nX: ${"y".repeat(9000)}\r\n\r\n`, 431, "tooLarge"],
    ["an address too long", `GET /api/runs/${"y".repeat(2000)} HTTP/1.1\r\nHost: HOST\r\n\r\n`, 414, "tooLarge"],
    [
      "an expectation",
      "POST /livez HTTP/1.1\r\nHost: HOST\r\nExpect: tea\r\nContent-Length: 0\r\n\r\n",
      417,
      "invalid",
    ],
    ["an unknown method", "PROPFIND /livez HTTP/1.1\r\nHost: HOST\r\n\r\n", 405, "method"],
    ["an unknown address", "GET /nothing HTTP/1.1\r\nHost: HOST\r\n\r\n", 404, "notFound"],
    [
      "no JSON",
      "POST /api/guard/release HTTP/1.1\r\nHost: HOST\r\nAUTH\r\nContent-Length: 2\r\n\r\n{}",
      415,
      "contentType",
    ],
    ["Host of another, by HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", 403, "host"],
  ])("so is %s", async (_name, text, status, code) => {
    const world = await start();
    const asked = text.replace("HOST", world.host).replace("AUTH", `Authorization: ${BEARER["authorization"]}`);
    const answer = await raw(world, asked, 500);
    expect([Number(answer.slice(9, 12)), errorOf(answer).code]).toEqual([status, code]);
    expect(answer).toMatch(/x-content-type-options: nosniff/i);
    expect(world.control.changes).toEqual([]);
  });

  test("what is no HTTP gets no answer in the middle of another: the connection ends", async () => {
    const world = await start();
    const events = `GET /api/events HTTP/1.1\r\nHost: ${world.host}\r\n\r\n`;
    const answer = await raw(world, events, 2000, "no HTTP\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*retry: 2000/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    // One that is done is no hindrance.
    const live = `GET /livez HTTP/1.1\r\nHost: ${world.host}\r\n\r\n`;
    expect(await raw(world, live, 2000, "no HTTP\r\n\r\n")).toMatch(/^HTTP\/1.1 200 OK[\s\S]*HTTP\/1.1 400 Bad/);
  });

  test("a request whose headers never end is cut off", async () => {
    const world = await start();
    const answer = await raw(world, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ", 9000);
    expect(answer).toMatch(/^HTTP\/1.1 408/);
    expect(errorOf(answer).code).toBe("timeout");
  });
});

/** The error in an answer's body, which must be JSON of the length that it says. */
function errorOf(answer: string): { readonly code?: string; readonly message?: string } {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head.toLowerCase()).toContain("content-type: application/json");
  expect(head.toLowerCase()).toContain(`content-length: ${Buffer.byteLength(body)}`);
  return JSON.parse(body).error;
}

/** What the server says to these bytes, and to `then` when it has begun to answer them; within `ms`. */
function raw(world: TestServer, text: string, ms = 2000, then?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1", () => socket.write(text));
    let said = "";
    socket.setTimeout(ms, () => socket.destroy());
    socket.on("data", (piece) => {
      if (said === "" && then !== undefined) socket.write(then);
      said += piece.toString("latin1");
    });
    socket.on("close", () => resolve(said));
    socket.on("error", reject);
  });
}

describe("the page's files", () => {
  const page: PageAsset[] = [
    { path: "/", type: "text/html; charset=utf-8", body: Buffer.from("<!doctype html>") },
    { path: "/app.js", type: "text/javascript", body: Buffer.from("1") },
  ];

  test("come from memory, with an etag", async () => {
    const world = await start({ page });
    const first = await call(world, { path: "/" });
    expect([first.status, first.text, first.headers["cache-control"]]).toEqual([200, "<!doctype html>", "no-cache"]);
    const again = await call(world, { path: "/", headers: { "if-none-match": String(first.headers.etag) } });
    expect([again.status, again.text]).toEqual([304, ""]);
  });

  test.each([
    "/../package.json",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/app.js/../../../etc/passwd",
    "/app.js%00.html",
    "/.rota/token",
    "/page/app.js",
  ])("%s is nothing", async (path) => {
    const world = await start({ page });
    const answer = await call(world, { path });
    expect([404, 400]).toContain(answer.status);
    expect(answer.text).not.toContain("root:");
  });

  test("a link from elsewhere opens the page, and only the page", async () => {
    const world = await start({ page });
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await call(world, { path: "/", headers })).status).toBe(200);
    expect((await call(world, { path: "/api/runs", headers })).status).toBe(403);
  });
});

test("nothing of the token is in any log or answer", async () => {
  const { pino } = await import("pino");
  let logged = "";
  const log = pino(
    { level: "trace" },
    {
      write: (line: string) => {
        logged += line;
      },
    },
  );
  const world = await start({ log });
  const wrong = { authorization: "Bearer wrong-token-000000000000000000000000000" };
  const answers = [
    await call(world, { path: "/api/runs/x/logs", headers: wrong }),
    await call(world, { path: "/api/runs/x/logs", headers: BEARER }),
    await call(world, { path: "/nothing", headers: BEARER }),
    // Where nobody should put it, and somebody will.
    await call(world, { path: `/api/runs?token=${TOKEN}` }),
    await call(world, { path: `/nothing/${TOKEN}` }),
  ];
  world.control.failure = new Error("engine broke");
  answers.push(await call(world, { path: "/api/status", headers: BEARER }));
  expect(answers.at(-1)).toMatchObject({ status: 500 });
  expect(answers.at(-1)?.text).not.toContain("engine broke");
  expect(logged).toContain("engine broke");
  for (const text of [logged, ...answers.map((each) => each.text)]) {
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain("wrong-token");
  }
});
