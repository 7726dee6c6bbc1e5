import { describe, expect, test } from "vitest";
import type { PostRequest, PostResponse } from "../../../../src/engine/notices/index.ts";
import { MINUTE } from "../../../../src/model/index.ts";
import { CHANNEL, FAILED, failWith, hang, SECRET, worldOf } from "./world.ts";

/** One row a fault: what the receiver does, how often it is tried, and what the ledger gets to read. */
const faults: readonly {
  readonly name: string;
  readonly answer: (count: number, request: PostRequest) => Promise<PostResponse> | PostResponse;
  readonly tries: number;
  readonly ok: boolean;
  readonly detail?: string;
}[] = [
  { name: "200", answer: () => ({ status: 200 }), tries: 1, ok: true },
  { name: "204", answer: () => ({ status: 204 }), tries: 1, ok: true },
  { name: "500 once", answer: (n) => ({ status: n === 1 ? 500 : 200 }), tries: 2, ok: true },
  { name: "503 for ever", answer: () => ({ status: 503 }), tries: 6, ok: false, detail: "hooks.example answered 503" },
  { name: "429 once", answer: (n) => ({ status: n === 1 ? 429 : 200, retryAfter: "30" }), tries: 2, ok: true },
  { name: "408 once", answer: (n) => ({ status: n === 1 ? 408 : 200 }), tries: 2, ok: true },
  { name: "400", answer: () => ({ status: 400 }), tries: 1, ok: false, detail: "hooks.example answered 400" },
  { name: "404, a webhook that was removed", answer: () => ({ status: 404 }), tries: 1, ok: false },
  {
    name: "302",
    answer: () => ({ status: 302 }),
    tries: 1,
    ok: false,
    detail: "hooks.example answered 302; redirects are not followed",
  },
  { name: "refused twice", answer: (n) => (n < 3 ? failWith("ECONNREFUSED") : { status: 200 }), tries: 3, ok: true },
  {
    name: "no such host",
    answer: () => failWith("ENOTFOUND"),
    tries: 6,
    ok: false,
    detail: "hooks.example: ENOTFOUND",
  },
  { name: "a private address", answer: () => failWith("PRIVATE"), tries: 1, ok: false },
  {
    name: "hangs",
    answer: (_, request) => hang(request),
    tries: 6,
    ok: false,
    detail: "hooks.example did not answer in 10s",
  },
  { name: "hangs once", answer: (n, request) => (n === 1 ? hang(request) : { status: 200 }), tries: 2, ok: true },
];

test.each(faults)(
  "$name: $tries tries, ok $ok, and the webhook's secret is nowhere",
  async ({ answer, tries, ok, detail }) => {
    const { clock, notifier, posts, recorded, logged } = worldOf(answer);
    notifier.send(FAILED);
    await clock.advance(60 * MINUTE);
    expect(posts).toHaveLength(tries);
    expect(recorded).toMatchObject([{ channel: "ops", kind: "failed", subject: "churn failed", ok, attempts: tries }]);
    if (detail !== undefined) expect(recorded[0]?.detail).toBe(detail);
    expect(JSON.stringify([recorded, logged])).not.toContain(SECRET);
  },
);

describe("retries", () => {
  test("double from a second", async () => {
    const { clock, notifier, posts } = worldOf(() => ({ status: 500 }));
    notifier.send(FAILED);
    await clock.advance(60 * MINUTE);
    expect(posts.map((post) => post.at)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000]);
  });

  test.each([
    ["30", 30_000],
    ["86400", 600_000],
    ["Mon, 23 Nov 2026 06:02:00 GMT", 120_000],
    ["nonsense", 1000],
    ["-5", 1000],
  ])("wait as long as Retry-After %s asks, within ten minutes", async (retryAfter, waited) => {
    const { clock, notifier, posts } = worldOf((n) => (n === 1 ? { status: 429, retryAfter } : { status: 200 }));
    notifier.send(FAILED);
    await clock.advance(60 * MINUTE);
    expect(posts.map((post) => post.at)).toEqual([0, waited]);
  });
});

describe("the caller", () => {
  test("is never blocked and never thrown at, whatever breaks", async () => {
    const { clock, notifier, logged } = worldOf(
      () => {
        throw new Error("broken");
      },
      {
        record: () => {
          throw new Error("the disk is full");
        },
      },
    );
    expect(() => notifier.send(FAILED)).not.toThrow();
    await clock.advance(60 * MINUTE);
    expect(logged.join()).toContain("could not be recorded");
    const later = worldOf(() => ({ status: 200 }), { record: () => Promise.reject(new Error("locked")) });
    later.notifier.send(FAILED);
    await later.clock.advance(MINUTE);
    expect(later.logged.join()).toContain("could not be recorded");
  });

  test("reaches only channels that want the kind and are named", async () => {
    const quiet = { ...CHANNEL, name: "quiet", on: ["budget" as const] };
    const other = { ...CHANNEL, name: "other" };
    const { clock, notifier, recorded } = worldOf(() => ({ status: 200 }), { channels: [CHANNEL, quiet, other] });
    notifier.send(FAILED);
    notifier.send({ ...FAILED, subject: "named", channels: ["other", "quiet"] });
    await clock.advance(MINUTE);
    expect(recorded.map((event) => `${event.channel}: ${event.subject}`).sort()).toEqual([
      "ops: churn failed",
      "other: churn failed",
      "other: named",
    ]);
  });

  test("a slow channel holds up no other", async () => {
    const slow = { ...CHANNEL, name: "slow", webhook: "https://slow.example/x" };
    const { clock, notifier, recorded } = worldOf(
      (_, request) => (request.url.host === "slow.example" ? hang(request) : { status: 200 }),
      { channels: [slow, CHANNEL] },
    );
    for (let i = 0; i < 5; i += 1) notifier.send({ ...FAILED, subject: `n${i}` });
    await clock.advance(1000);
    expect(recorded.map((event) => event.channel)).toEqual(["ops", "ops", "ops", "ops", "ops"]);
  });

  test("secrets are taken out by value before a notice leaves and before it is recorded", async () => {
    const redact = (text: string): string => text.replaceAll("hunter2", "[redacted]");
    const { clock, notifier, posts, recorded } = worldOf(() => ({ status: 200 }), { redact });
    notifier.send({ ...FAILED, subject: "hunter2 failed", text: "password hunter2", fields: { line: "hunter2" } });
    await clock.advance(MINUTE);
    expect(recorded).toHaveLength(1);
    expect(JSON.stringify([posts, recorded])).not.toContain("hunter2");
  });
});

describe("a full queue", () => {
  test("drops the oldest and says so, to the reader and in the record", async () => {
    const kinds = ["failed", "missed", "problem", "budget", "stopped", "recovered"] as const;
    const { clock, notifier, posts, recorded } = worldOf((n, request) => (n === 1 ? hang(request) : { status: 200 }));
    // Twenty of each kind pass one by one, so 120 are queued at once. The first to go is tried twice.
    for (const kind of kinds)
      for (let i = 0; i < 20; i += 1) notifier.send({ ...FAILED, kind, subject: `${kind} ${i}` });
    await clock.advance(60 * MINUTE);
    const dropped = recorded.filter((event) => event.attempts === 0);
    expect(dropped).toMatchObject([{ ok: false, subject: "20 older notices were dropped" }]);
    const said = posts.filter((post) => post.body.text.includes("20 older notices were dropped"));
    expect(said.map((post) => post.at)).toEqual([0, 11_000]);
    expect(recorded.filter((event) => event.ok)).toHaveLength(100);
    expect(recorded.at(-1)?.subject).toBe("recovered 19");
  });
});

describe("a storm", () => {
  test("becomes twenty notices and one digest that counts the others", async () => {
    const { clock, notifier, recorded, posts } = worldOf(() => ({ status: 200 }));
    for (let i = 0; i < 1000; i += 1) notifier.send({ ...FAILED, subject: `run ${i}` });
    await clock.advance(59_000);
    expect(recorded).toHaveLength(20);
    await clock.advance(2000);
    expect(recorded).toHaveLength(21);
    expect(recorded.at(-1)?.subject).toBe("980 more notices of failed within a minute");
    expect(posts.at(-1)?.body.text).toContain("run 20\n");
    expect(posts.at(-1)?.body.text).toContain("… and 970 more");
  });

  test("of one kind holds back no other, and ends with its minute", async () => {
    const { clock, notifier, recorded } = worldOf(() => ({ status: 200 }));
    for (let i = 0; i < 21; i += 1) notifier.send({ ...FAILED, subject: `run ${i}` });
    notifier.send({ ...FAILED, kind: "budget", subject: "spent" });
    await clock.advance(1000);
    expect(recorded.map((event) => event.subject)).toContain("spent");
    await clock.advance(MINUTE);
    // A single one is sent as it is: a digest of one would say less.
    expect(recorded.at(-1)?.subject).toBe("run 20");
    notifier.send({ ...FAILED, subject: "later" });
    await clock.advance(1000);
    expect(recorded.at(-1)?.subject).toBe("later");
  });
});

describe("the end", () => {
  test("sends what waits, digests too, and takes no more", async () => {
    const { notifier, recorded, logged, clock } = worldOf(() => ({ status: 200 }));
    for (let i = 0; i < 30; i += 1) notifier.send({ ...FAILED, subject: `run ${i}` });
    expect(await notifier.drain(5000)).toEqual({ givenUp: 0 });
    expect(recorded).toHaveLength(21);
    notifier.send(FAILED);
    await clock.advance(MINUTE);
    expect(recorded).toHaveLength(21);
    expect(logged.join()).toContain("came after the end");
  });

  test("gives up what cannot be sent in time, and records that it did", async () => {
    const { notifier, recorded, clock } = worldOf((_, request) => hang(request));
    for (let i = 0; i < 3; i += 1) notifier.send({ ...FAILED, subject: `run ${i}` });
    const draining = notifier.drain(5000);
    await clock.advance(5000);
    expect(await draining).toEqual({ givenUp: 3 });
    const detail = "the daemon ended before it could be delivered";
    expect(recorded.map((event) => [event.subject, event.ok, event.detail])).toEqual([
      ["run 0", false, detail],
      ["run 1", false, detail],
      ["run 2", false, detail],
    ]);
  });
});

test("new channels take over; what waits for an old one still goes out", async () => {
  const { notifier, recorded, clock } = worldOf(() => ({ status: 200 }));
  notifier.send({ ...FAILED, subject: "before" });
  notifier.setChannels([{ ...CHANNEL, name: "new" }]);
  notifier.send({ ...FAILED, subject: "after" });
  await clock.advance(MINUTE);
  expect(recorded.map((event) => `${event.channel}: ${event.subject}`).sort()).toEqual(["new: after", "ops: before"]);
});

test("a channel with a webhook and a command uses both, each retried by itself", async () => {
  let runs = 0;
  const { notifier, recorded, posts, clock } = worldOf(() => ({ status: 200 }), {
    channels: [{ ...CHANNEL, command: ["/bin/notify"] }],
    run: async () => {
      runs += 1;
      return { exitCode: runs === 1 ? 1 : 0, signal: null };
    },
  });
  notifier.send(FAILED);
  await clock.advance(MINUTE);
  expect([posts.length, runs]).toEqual([1, 2]);
  expect(recorded).toMatchObject([
    { ok: true, attempts: 1 },
    { ok: true, attempts: 2 },
  ]);
});
