import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createPost, type Lookup } from "../../../../src/engine/notices/index.ts";

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Seen {
  readonly method: string | undefined;
  readonly host: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const { method, headers } = request;
      seen.push({ method, host: headers.host, type: headers["content-type"], body });
      answer(request, response);
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, seen };
}

const at =
  (address: string): Lookup =>
  () =>
    Promise.resolve([{ address, family: address.includes(":") ? 6 : 4 }]);
const signal = (): AbortSignal => new AbortController().signal;

describe("with a real server on loopback", () => {
  test("posts JSON to the address that was looked up, under the name's Host", async () => {
    const { port, seen } = await listen((_, response) => response.end("ok"));
    const post = createPost(at("127.0.0.1"));
    const url = new URL(`http://hooks.example:${port}/x`);
    expect(await post({ url, body: '{"text":"é"}', allowPrivate: true, signal: signal() })).toEqual({ status: 200 });
    expect(seen).toEqual([
      { method: "POST", host: `hooks.example:${port}`, type: "application/json; charset=utf-8", body: '{"text":"é"}' },
    ]);
  });

  test("passes on the status and Retry-After, and follows no redirect", async () => {
    const { port, seen } = await listen((_, response) => {
      response.writeHead(302, { location: "/elsewhere", "retry-after": "7" }).end();
    });
    const url = new URL(`http://127.0.0.1:${port}/x`);
    const answer = await createPost()({ url, body: "{}", allowPrivate: true, signal: signal() });
    expect(answer).toEqual({ status: 302, retryAfter: "7" });
    expect(seen).toHaveLength(1);
  });

  test("reads no endless answer", async () => {
    const { port } = await listen((_, response) => {
      response.writeHead(200);
      const flood = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
      };
      response.on("drain", flood);
      flood();
    });
    const url = new URL(`http://127.0.0.1:${port}/x`);
    expect(await createPost()({ url, body: "{}", allowPrivate: true, signal: signal() })).toEqual({ status: 200 });
  });

  test("ends when its signal does", async () => {
    const ending = new AbortController();
    const { port } = await listen(() => ending.abort());
    const url = new URL(`http://127.0.0.1:${port}/x`);
    const posting = createPost()({ url, body: "{}", allowPrivate: true, signal: ending.signal });
    await expect(posting).rejects.toMatchObject({ code: "ABORT_ERR" });
  });

  test.each([
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://0:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
  ])("refuses %s, and connects to nothing", async (text) => {
    const { port, seen } = await listen((_, response) => response.end());
    const url = new URL(text.replace("PORT", String(port)));
    const posting = createPost()({ url, body: "{}", allowPrivate: false, signal: signal() });
    await expect(posting).rejects.toMatchObject({ code: "PRIVATE" });
    expect(seen).toEqual([]);
  });

  test.each(["127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "fd00:ec2::254", "::ffff:127.0.0.1"])(
    "refuses a name that resolves to %s",
    async (address) => {
      const { port, seen } = await listen((_, response) => response.end());
      const url = new URL(`http://hooks.example:${port}/`);
      const posting = createPost(at(address))({ url, body: "{}", allowPrivate: false, signal: signal() });
      await expect(posting).rejects.toMatchObject({ code: "PRIVATE" });
      expect(seen).toEqual([]);
    },
  );

  test("refuses a name when only one of its addresses is private", async () => {
    const lookup: Lookup = () =>
      Promise.resolve([
        { address: "8.8.8.8", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    const url = new URL("http://hooks.example:9/");
    const posting = createPost(lookup)({ url, body: "{}", allowPrivate: false, signal: signal() });
    await expect(posting).rejects.toMatchObject({ code: "PRIVATE" });
  });

  test("a name that is rebound after the check gains nothing: each connection asks once, and goes where it asked", async () => {
    const { port, seen } = await listen((_, response) => response.end());
    let asked = 0;
    const lookup: Lookup = () => {
      asked += 1;
      return Promise.resolve([{ address: asked === 1 ? "127.0.0.1" : "8.8.8.8", family: 4 }]);
    };
    const url = new URL(`http://hooks.example:${port}/`);
    await createPost(lookup)({ url, body: "{}", allowPrivate: true, signal: signal() });
    expect([asked, seen.length]).toEqual([1, 1]);
  });

  test("passes on what the lookup failed with, and an empty answer", async () => {
    const url = new URL("http://hooks.example:9/");
    const failing: Lookup = () => Promise.reject(Object.assign(new Error("timeout"), { code: "ETIMEOUT" }));
    const empty: Lookup = () => Promise.resolve([]);
    const ask = { url, body: "{}", allowPrivate: false, signal: signal() };
    await expect(createPost(failing)(ask)).rejects.toMatchObject({ code: "ETIMEOUT" });
    await expect(createPost(empty)(ask)).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});
