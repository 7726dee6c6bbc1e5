import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { beatToken } from "../../../src/server/index.ts";
import { goodHeaders, needsToken, ROUTES } from "../../support/routes.ts";
import { writeSampleMorning } from "../../support/sample.ts";
import { BEARER, type Call, call, JSON_TYPE, openTestServer, type TestServer, TOKEN } from "../../support/server.ts";

let world: TestServer;
beforeAll(async () => {
  world = await openTestServer({}, writeSampleMorning);
});
afterAll(() => world.close());
beforeEach(() => {
  world.control.changes.length = 0;
});

const withBody = (body: string | undefined): { readonly body?: string } => (body === undefined ? {} : { body });

describe.each(ROUTES)("$method $path", (route) => {
  const { method, path, ok, change } = route;
  const good: Call = { method, path, headers: goodHeaders(route), ...withBody(route.body) };
  const changes = (): readonly string[] => world.control.changes.map(({ what }) => what);
  const done = change === undefined ? [] : [change];

  test("a good request is answered", async () => {
    expect((await call(world, good)).status).toBe(ok);
    expect(changes()).toEqual(done);
  });

  test("over the socket no token is asked for", async () => {
    const headers = route.body === undefined ? {} : JSON_TYPE;
    expect((await call(world, { ...good, headers, socket: true })).status).toBe(ok);
    expect(changes()).toEqual(done);
  });

  const wrong: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["none", {}],
    ["a wrong one", { authorization: `Bearer ${TOKEN.replace("t", "x")}` }],
    ["a shorter one", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ["a longer one", { authorization: `Bearer ${TOKEN}x` }],
    ["an empty one", { authorization: "Bearer " }],
    ["as Basic", { authorization: `Basic ${Buffer.from(`:${TOKEN}`).toString("base64")}` }],
    ["as a cookie", { cookie: `token=${TOKEN}; authorization=${TOKEN}` }],
    ["another run's beat token", { authorization: `Bearer ${beatToken(TOKEN, "another-run")}` }],
  ];
  test.each(wrong)("token: %s", async (_name, authorization) => {
    const headers = { ...(route.body === undefined ? {} : JSON_TYPE), ...authorization };
    const answer = await call(world, { ...good, headers });
    expect(answer.status).toBe(needsToken(route) ? 401 : ok);
    if (!needsToken(route)) return;
    expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "unauthorized" } });
    expect(changes()).toEqual([]);
  });

  test.each([
    ["evil.example", 403],
    ["evil.example:80", 403],
    ["127.0.0.1", 403],
    ["127.0.0.1.nip.example", 403],
    ["localhost:1", 403],
    ["127.0.0.1:PORT", ok],
    ["localhost:PORT", ok],
    ["LOCALHOST:PORT", ok],
    ["[::1]:PORT", ok],
  ] as const)("Host: %s → %i", async (host, status) => {
    const port = new URL(world.url).port;
    const headers = { ...good.headers, host: host.replace("PORT", port) };
    expect((await call(world, { ...good, headers })).status).toBe(status);
    expect(changes()).toEqual(status === ok ? done : []);
  });

  test.each([
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "http://127.0.0.1:1" }, 403],
    [{ origin: "http://HOST.evil.example" }, 403],
    [{ origin: "http://HOST" }, ok],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "same-origin" }, ok],
    [{ "sec-fetch-site": "none" }, ok],
  ] as const)("%j → %i", async (origin, status) => {
    const [[name, value] = ["", ""]] = Object.entries(origin);
    const headers = { ...good.headers, [name]: value.replace("HOST", world.host) };
    expect((await call(world, { ...good, headers })).status).toBe(status);
    expect(changes()).toEqual(status === ok ? done : []);
  });

  test("no other origin is ever allowed to read the answer", async () => {
    const answers = await Promise.all([
      call(world, good),
      call(world, { ...good, method: "OPTIONS", headers: { ...good.headers, origin: `http://${world.host}` } }),
    ]);
    for (const { headers } of answers) {
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    }
  });

  test("other methods are refused, and change nothing", async () => {
    for (const other of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((each) => each !== method)) {
      const answer = await call(world, { ...good, method: other, headers: { ...BEARER, ...JSON_TYPE }, body: "{}" });
      expect([other, answer.status]).toEqual([other, 405]);
      expect(answer.headers.allow).toContain(method);
    }
    const head = await call(world, { method: "HEAD", path, headers: BEARER });
    expect([head.status, head.text]).toEqual([method === "GET" ? ok : 405, ""]);
    const options = await call(world, { method: "OPTIONS", path });
    expect([options.status, options.text]).toEqual([204, ""]);
    expect(options.headers.allow).toContain(method);
    expect(changes()).toEqual([]);
  });
});

describe.each(ROUTES.filter(({ method }) => method === "POST"))("$path", ({ method, path, body }) => {
  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"])(
    "a body that says it is %s is refused",
    async (type) => {
      const answer = await call(world, {
        method,
        path,
        headers: { ...BEARER, "content-type": type },
        ...withBody(body),
      });
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([415, "contentType"]);
      expect(world.control.changes).toEqual([]);
    },
  );
});

test("the beat token of a run reports its progress, and does nothing else", async () => {
  const run = "nightly-report-202611230900";
  const headers = { authorization: `Bearer ${beatToken(TOKEN, run)}` };
  expect((await call(world, { method: "POST", path: `/api/runs/${run}/beat`, headers })).status).toBe(200);
  const other = await call(world, { method: "POST", path: "/api/runs/check-data-202611230000/beat", headers });
  expect(other.status).toBe(401);
  const kill = { method: "POST", path: `/api/runs/${run}/kill`, headers: { ...headers, ...JSON_TYPE } };
  expect((await call(world, { ...kill, body: JSON.stringify({ reason: "x" }) })).status).toBe(401);
  expect((await call(world, { path: `/api/runs/${run}/logs`, headers })).status).toBe(401);
  expect(world.control.changes).toEqual([{ what: "beat", of: run }]);
});

test("who asked is told to the engine: by name, and by the way it came", async () => {
  const path = "/api/guard/release";
  const body = JSON.stringify({ reason: "seen", by: "Mina" });
  const nameless = JSON.stringify({ reason: "seen" });
  const headers = { ...BEARER, ...JSON_TYPE };
  await call(world, { method: "POST", path, headers, body });
  await call(world, { method: "POST", path, headers: { ...headers, origin: `http://${world.host}` }, body });
  await call(world, { method: "POST", path, headers: JSON_TYPE, body: nameless, socket: true });
  expect(world.control.changes.map(({ actor }) => actor)).toEqual([
    { name: "Mina", via: "api" },
    { name: "Mina", via: "dashboard" },
    { name: "owner of the socket", via: "cli" },
  ]);
});

test("no request without the token or the socket changes anything, whatever it says", async () => {
  const paths = fc.oneof(
    fc.constantFrom(...ROUTES.map(({ path }) => path)),
    fc.webPath().map((path) => (path === "" ? "/" : path)),
    fc.constantFrom("/api/runs/x/../y/kill", "//api/guard/release", "/api/guard/release/", "/API/guard/release"),
    fc.constantFrom("/api/guard%2frelease", "/api/runs/%2e%2e/kill", "/api/guard/release?token=x"),
  );
  const header = fc.constantFrom(
    ["x-http-method-override", "POST"],
    ["x-method-override", "DELETE"],
    ["authorization", "Bearer null"],
    ["authorization", `Bearer${TOKEN}`],
    ["authorization", `bearer: ${TOKEN}`],
    ["cookie", `rota.token=${TOKEN}`],
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-host", "localhost"],
    ["forwarded", "host=localhost"],
    ["x-rota-token", TOKEN],
    ["origin", "http://localhost"],
    ["content-type", "application/json"],
    ["content-type", "text/plain"],
    ["upgrade", "websocket"],
    ["expect", "100-continue"],
  );
  const bodies = fc.oneof(
    fc.constant(JSON.stringify({ reason: "x", token: TOKEN, fire: "a/2026-11-23T05:00/0" })),
    fc.constant('{"__proto__":{"reason":"x"}}'),
    fc.string(),
  );
  const methods = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND");
  const asked = fc.record({ method: methods, path: paths, headers: fc.array(header, { maxLength: 5 }), body: bodies });
  await fc.assert(
    fc.asyncProperty(asked, async ({ method, path, headers, body }) => {
      const sent = { method, path, headers: Object.fromEntries(headers) };
      const answer = await call(world, ["GET", "HEAD", "TRACE"].includes(method) ? sent : { ...sent, body });
      expect(answer.status).toBeLessThan(500);
      expect(world.control.changes).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
