import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runsView, todayView } from "../../../src/query/index.ts";
import { goodHeaders, needsToken, ROUTES } from "../../support/routes.ts";
import { writeSampleMorning } from "../../support/sample.ts";
import { BEARER, call, JSON_TYPE, openTestServer, type TestServer } from "../../support/server.ts";

interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let world: TestServer;
let document: OpenApi;
beforeAll(async () => {
  world = await openTestServer({}, writeSampleMorning);
  document = JSON.parse((await call(world, { path: "/openapi.json" })).text);
});
afterAll(() => world.close());

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate({ ...structuredClone(document) });
    expect(result).toMatchObject({ valid: true });
    expect(document.openapi).toBe("3.1.0");
  });

  test("has every route, and no other", () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = ROUTES.map(({ method, pattern }) => `${method} ${pattern}`);
    expect(described.filter((each) => !each.startsWith("HEAD ")).sort()).toEqual([...routes, "GET /api/events"].sort());
  });

  test.each(ROUTES)("says of $method $pattern what it answers, and who may ask", (route) => {
    const operation = document.paths[route.pattern]?.[route.method.toLowerCase()];
    expect(operation?.responses[route.ok]?.content).toBeDefined();
    const optional = operation?.security?.some((each) => Object.keys(each).length === 0) ?? true;
    expect(optional).toBe(!needsToken(route));
  });

  test.each(ROUTES.filter(({ path }) => !/logs|metrics|openapi/.test(path)))(
    "$method $pattern answers as described",
    async (route) => {
      const { method, path, pattern, ok, body } = route;
      const answer = await call(world, {
        method,
        path,
        headers: goodHeaders(route),
        ...(body === undefined ? {} : { body }),
      });
      const schema =
        document.paths[pattern]?.[method.toLowerCase()]?.responses[ok]?.content?.["application/json"]?.schema;
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      const check = ajv.compile({ ...schema, components: document.components });
      check(JSON.parse(answer.text));
      expect(check.errors ?? []).toEqual([]);
      expect(answer.headers["cache-control"]).toBe("no-store");
    },
  );
});

const get = async (
  path: string,
  headers = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
  const { status, text } = await call(world, { path, headers });
  return { status, body: JSON.parse(text) };
};

test("the API gives the very objects of the views", async () => {
  const { ledger, clock } = world;
  expect((await get("/api/runs?limit=7")).body).toEqual(await runsView(ledger, { limit: 7 }));
  expect((await get("/api/today?date=2026-11-23")).body).toEqual(
    await todayView({ ledger, zone: "UTC", now: clock.now(), date: "2026-11-23" }),
  );
});

test("runs can be asked for by job, status and time", async () => {
  const runs = async (query: string): Promise<string[]> =>
    ((await get(`/api/runs?${query}`)).body.runs as { run: string }[]).map(({ run }) => run);
  expect(await runs("status=failed&status=killed")).toEqual([
    "score-customers-202611230800",
    "invoices-202611230700",
    "forgotten-print-202611230504",
  ]);
  expect(await runs("job=train-model")).toEqual(["train-model-202611230600"]);
  expect(await runs("job=check-data&since=2026-11-23T09:10:00Z&until=2026-11-23T09:20:00Z")).toEqual([
    "check-data-202611230915",
  ]);
});

test("what a run printed is evidence only for who may read it", async () => {
  const path = "/api/runs/score-customers-202611230800/explain";
  const open = await call(world, { path });
  expect(open.text).not.toContain("a warning");
  expect((await call(world, { path, headers: BEARER })).text).toContain("a warning");
  expect((await call(world, { path, socket: true })).text).toContain("a warning");
});

test("output is plain text that no browser takes for anything else", async () => {
  const answer = await call(world, { path: "/api/runs/train-model-202611230600/logs", headers: BEARER });
  expect([answer.text, answer.headers["content-type"], answer.headers["x-content-type-options"]]).toEqual([
    "output of train-model-202611230600\na warning\n",
    "text/plain; charset=utf-8",
    "nosniff",
  ]);
});

test.each([
  ["/api/runs/none", 404, "notFound"],
  ["/api/runs/none/explain", 404, "notFound"],
  ["/api/runs/none/logs", 404, "notFound"],
  ["/api/runs?status=great", 400, "invalid"],
  ["/api/runs?limit=0", 400, "invalid"],
  ["/api/runs?limit=1001", 400, "invalid"],
  ["/api/runs?since=yesterday", 400, "invalid"],
  ["/api/runs?unknown=1", 400, "invalid"],
  ["/api/today?date=2026-02-30", 400, "invalid"],
  ["/api/today?date=x", 400, "invalid"],
  ["/api/cost?month=2026-13", 400, "invalid"],
  ["/api/cost?by=colour", 400, "invalid"],
  ["/api/next?job=none", 404, "notFound"],
  ["/api/next?to=2028-11-23T00:00:00Z", 400, "invalid"],
  ["/api/fires/explain?fire=x", 400, "invalid"],
  ["/api/%", 400, "invalid"],
])("%s is %i %s", async (path, status, code) => {
  const answer = await get(path, BEARER);
  expect([answer.status, answer.body]).toMatchObject([status, { error: { code } }]);
});

test.each([
  ["/api/guard/release", "{}"],
  ["/api/guard/release", '{"reason":""}'],
  ["/api/guard/release", '{"reason":"   "}'],
  ["/api/guard/release", `{"reason":"${"x".repeat(501)}"}`],
  ["/api/guard/release", '{"reason":"x","more":1}'],
  ["/api/guard/release", "[]"],
  ["/api/guard/release", "null"],
  ["/api/guard/release", "{"],
  ["/api/guard/release", '{"__proto__":{"reason":"x"},"reason":"x"}'],
  ["/api/fires/excuse", '{"reason":"x"}'],
  ["/api/runs/x/kill", '{"force":true}'],
])("a bad body changes nothing: %s %s", async (path, body) => {
  const before = world.control.changes.length;
  const answer = await call(world, { method: "POST", path, headers: { ...BEARER, ...JSON_TYPE }, body });
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, "invalid"]);
  expect(world.control.changes.length).toBe(before);
});

test("what the engine refuses is told with its mend", async () => {
  const answer = await call(world, { method: "POST", path: "/api/jobs/unknown/run", headers: BEARER });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    404,
    { error: { code: "notFound", message: "no job unknown", fix: "see rota show" } },
  ]);
});
