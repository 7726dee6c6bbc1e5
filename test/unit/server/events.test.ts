import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LedgerEvent } from "../../../src/model/index.ts";
import { sampleJob, sampleRun } from "../../support/sample.ts";
import { openTestServer, type TestServer } from "../../support/server.ts";

let world: TestServer;
beforeEach(async () => {
  world = await openTestServer();
});
afterEach(() => world.close());

const note = (text: string): LedgerEvent => ({ type: "run.note", run: "r", component: "workload", text });

interface Told {
  readonly id: number;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads server-sent events until there are `count` of them. */
class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #abort: AbortController;
  readonly comments: string[] = [];
  #rest = "";

  private constructor(response: Response, abort: AbortController) {
    if (!response.body) throw new Error("no body");
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    this.#abort = abort;
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(`${url}/api/events`, { headers, signal: abort.signal });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const reader = new EventReader(response, abort);
    await reader.block();
    return reader;
  }

  async take(count: number): Promise<Told[]> {
    const told: Told[] = [];
    while (told.length < count) {
      const block = await this.block();
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      if (field("data") === "") this.comments.push(block);
      else told.push({ id: Number(field("id")), event: field("event"), data: JSON.parse(field("data")) });
    }
    return told;
  }

  async block(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        return block;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error("the stream ended");
      this.#rest += value;
    }
  }

  close(): void {
    this.#abort.abort();
  }
}

const ids = (told: readonly Told[]): number[] => told.map(({ id }) => id);

describe("live events", () => {
  test("tell what is committed from now on, with the ledger's number as id", async () => {
    await world.control.append(note("before"));
    const reader = await EventReader.open(world.url);
    const [entry] = await world.control.append({
      type: "run.created",
      run: sampleRun("train-model", world.clock.now()),
    });
    const [told] = await reader.take(1);
    expect(told).toEqual({
      id: entry?.seq,
      event: "entry",
      data: {
        seq: entry?.seq,
        at: "2026-11-23T06:00:00Z",
        type: "run.created",
        job: "train-model",
        run: "train-model-202611230600",
      },
    });
    reader.close();
  });

  test("hold nothing of what a job is given or prints", async () => {
    const reader = await EventReader.open(world.url);
    const desired = sampleJob("secretive", "0 6 * * *", {
      workload: {
        kind: "process",
        command: ["x", "hunter2"],
        shell: false,
        cpu: 1,
        memoryBytes: 1,
        env: { A: "hunter2" },
        secrets: {},
      },
    });
    await world.control.append(
      { type: "job.deployed", placement: "local", desired, fingerprint: "f" },
      note("hunter2"),
    );
    expect(JSON.stringify(await reader.take(2))).not.toContain("hunter2");
    reader.close();
  });

  test("go on after Last-Event-ID: nothing twice, nothing left out, in order", async () => {
    for (let i = 0; i < 30; i++) await world.ledger.append([note(`old ${i}`)]);
    const first = await EventReader.open(world.url, { "last-event-id": "10" });
    expect(ids(await first.take(20))).toEqual(Array.from({ length: 20 }, (_, i) => 11 + i));
    await world.control.append(note("new"), note("newer"));
    expect(ids(await first.take(2))).toEqual([31, 32]);
    first.close();
    await world.control.append(note("while away"));
    const second = await EventReader.open(world.url, { "last-event-id": "32" });
    await world.control.append(note("back"));
    expect(ids(await second.take(2))).toEqual([33, 34]);
    second.close();
  });

  test("survive entries that come while the past is read", async () => {
    for (let i = 0; i < 50; i++) await world.ledger.append([note(`old ${i}`)]);
    const opening = EventReader.open(world.url, { "last-event-id": "0" });
    const writing = (async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await world.control.append(note(`new ${i}`));
    })();
    const reader = await opening;
    await writing;
    expect(ids(await reader.take(100))).toEqual(Array.from({ length: 100 }, (_, i) => 1 + i));
    reader.close();
  });

  test("beyond what is kept in memory they come from the ledger", async () => {
    const notes = Array.from({ length: 1500 }, (_, i) => note(String(i)));
    await world.control.append(...notes);
    const reader = await EventReader.open(world.url, { "last-event-id": "3" });
    expect(ids(await reader.take(1497))).toEqual(Array.from({ length: 1497 }, (_, i) => 4 + i));
    reader.close();
  });

  test("say reset to a reader that comes from another ledger", async () => {
    await world.control.append(note("one"), note("two"));
    const reader = await EventReader.open(world.url, { "last-event-id": "999" });
    expect(await reader.take(1)).toEqual([{ id: 2, event: "reset", data: {} }]);
    await world.control.append(note("three"));
    expect(ids(await reader.take(1))).toEqual([3]);
    reader.close();
  });

  test("beat every fifteen seconds of silence", async () => {
    const reader = await EventReader.open(world.url);
    await expect.poll(() => world.clock.sleeping).toBe(1);
    await world.clock.advance(15_000);
    expect(await reader.block()).toBe(": still here");
    reader.close();
  });

  test("end when the server closes, and free their place when the reader goes", async () => {
    const gone = await EventReader.open(world.url);
    gone.close();
    await expect.poll(() => world.clock.sleeping).toBe(0);
    const reader = await EventReader.open(world.url);
    await world.server.close();
    await expect(reader.take(1)).rejects.toThrow();
    expect(world.clock.sleeping).toBe(0);
  });

  test("are bounded in number", async () => {
    const readers = await Promise.all(Array.from({ length: 64 }, () => EventReader.open(world.url)));
    const refused = await fetch(`${world.url}/api/events`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "busy" } });
    readers[0]?.close();
    await expect.poll(() => world.clock.sleeping).toBe(63);
    (await EventReader.open(world.url)).close();
    for (const reader of readers) reader.close();
  });

  test.each(["x", "-1", "1.5", "99999999999999999999"])("Last-Event-ID %s is refused", async (id) => {
    const answer = await fetch(`${world.url}/api/events`, { headers: { "last-event-id": id } });
    expect(answer.status).toBe(400);
    await answer.body?.cancel();
  });
});
