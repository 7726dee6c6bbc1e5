import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpWorkload } from "../../../../src/model/index.ts";
import { Machine } from "../../../support/machine.ts";
import { wallClock } from "../../../support/wall-clock.ts";

const requests: IncomingMessage[] = [];
const server = createServer((request, response) => {
  requests.push(request);
  answers[request.url ?? ""]?.(response);
});
const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/ok": (response) => response.end("fine"),
  "/created": (response) => response.writeHead(201).end(),
  "/broken": (response) => response.writeHead(500).end("no"),
  "/moved": (response) => response.writeHead(302, { location: "/ok" }).end(),
  "/large": (response) => response.end("x".repeat(3 * 1024 * 1024)),
  "/silent": () => {},
  "/half": (response) => void response.writeHead(200, { "content-length": "10" }).write("half"),
  "/reset": (response) => response.destroy(),
};

let machine: Machine;
let base = "";
beforeEach(async () => {
  requests.length = 0;
  machine = await Machine.open({ env: { PATH: process.env.PATH, TOKEN: "s3cr3t-value" } });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(async () => {
  await machine.close();
  server.closeAllConnections();
  server.close();
});

function http(path: string, more: Partial<HttpWorkload> = {}): HttpWorkload {
  return {
    kind: "http",
    url: `${base}${path}`,
    method: "POST",
    headers: {},
    secrets: {},
    timeoutSeconds: 5,
    expectStatus: [],
    ...more,
  };
}

describe("a request", () => {
  it.each<[string, string, Partial<HttpWorkload>, object]>([
    ["answered well", "/ok", {}, { outcome: "succeeded", reason: "HTTP status 200" }],
    ["answered as expected", "/created", { expectStatus: [201] }, { outcome: "succeeded" }],
    ["answered otherwise", "/ok", { expectStatus: [201] }, { outcome: "failed" }],
    ["answered with an error", "/broken", {}, { outcome: "failed", reason: "HTTP status 500 is not what is expected" }],
    ["redirected", "/moved", {}, { outcome: "failed", reason: "HTTP status 302 is not what is expected" }],
    ["cut off", "/reset", {}, { outcome: "failed", reason: expect.stringContaining("fetch failed: ") }],
    [
      "not answered in time",
      "/silent",
      { timeoutSeconds: 0.2 },
      { outcome: "failed", reason: "no whole answer within 0.2 s" },
    ],
    [
      "not answered whole in time",
      "/half",
      { timeoutSeconds: 0.2 },
      { outcome: "failed", reason: "no whole answer within 0.2 s" },
    ],
  ])("%s", async (_what, path, more, expected) => {
    const { handle } = await machine.start("r", http(path, more));
    expect(await machine.ended(handle)).toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });

  it("carries its headers, its secrets and its body, and keeps the answer", async () => {
    const workload = http("/ok", { headers: { "x-a": "1" }, secrets: { authorization: "env:TOKEN" }, body: "hello" });
    const { handle } = await machine.start("r", workload);
    const state = await machine.ended(handle);
    expect(requests[0]).toMatchObject({ method: "POST", headers: { "x-a": "1", authorization: "s3cr3t-value" } });
    expect(await machine.output(handle)).toBe("HTTP 200 OK\nfine");
    expect(state.endedAt).toBeGreaterThanOrEqual(state.startedAt ?? Number.POSITIVE_INFINITY);
  });

  it("keeps the beginning of a long answer, and says how much it dropped", async () => {
    const { handle } = await machine.start("r", http("/large"));
    await machine.ended(handle);
    const text = await machine.output(handle);
    expect(text.length).toBeLessThan(1.1 * 1024 * 1024);
    expect(text).toMatch(/\[rota: 2097152 bytes of the answer were dropped here\]\n$/);
  });

  it("is sent once for one key", async () => {
    await Promise.all([1, 2, 3].map(() => machine.start("r", http("/ok"))));
    const { handle } = await machine.start("r", http("/ok"));
    await machine.ended(handle);
    expect(requests).toHaveLength(1);
  });

  it("is given up by a stop", async () => {
    const { handle, phase } = await machine.start("r", http("/silent"));
    expect(phase).toBe("running");
    await machine.provider.stop(handle, "polite");
    expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
  });

  it("is lost, with the reason, when the daemon ends while it waits", async () => {
    const { handle } = await machine.start("r", http("/silent"));
    while (requests.length === 0) await wallClock.sleep(10);
    await machine.provider.close();
    const next = await Machine.open({ stateDir: machine.stateDir });
    expect(await next.provider.inspect(handle)).toMatchObject({
      outcome: "lost",
      reason: "the daemon ended while it waited for the answer",
    });
    await next.close();
  });
});
