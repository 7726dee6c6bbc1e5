import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryOptions } from "../../../providers/memory/options.ts";
import {
  type Call,
  createRedactor,
  desiredOf,
  ProviderError,
  parseOptions,
  withDryRun,
  withLog,
  wrapProvider,
} from "../../../src/provider/index.ts";
import { openMemorySubject } from "../../conformance/memory.ts";
import { deploy, desiredJob, requestFor } from "../../conformance/subject.ts";
import { providerSuite } from "../../conformance/suite.ts";
import { VirtualClock } from "../../support/clock.ts";
import { NOW } from "../../support/jobs.ts";

providerSuite("memory", async () => {
  const subject = await openMemorySubject();
  const wrap = (provider: typeof subject.provider) => wrapProvider(provider, (_call, proceed) => proceed());
  return { ...subject, provider: wrap(subject.provider), reopen: async (owner) => wrap(await subject.reopen(owner)) };
});

describe("a dry run", () => {
  it("reads, reports every change, and makes none", async () => {
    const subject = await openMemorySubject();
    const [deployed] = await deploy(subject.provider, desiredJob(subject, "job", subject.workloads.quick));
    if (!deployed) throw new Error("nothing deployed");
    const { handle } = await subject.provider.start(requestFor(subject, "r", subject.workloads.endless));
    const before = await subject.provider.listDeployments();
    const calls: Call[] = [];
    const dry = withDryRun(subject.provider, subject.owner, (call) => calls.push(call));
    const other = dry.render(desiredJob(subject, "other", subject.workloads.quick), NOW).resources[0];
    if (!other) throw new Error("nothing rendered");
    expect(await dry.apply({ action: "create", desired: other, why: "test" })).toMatchObject({
      id: "other",
      mark: { ...subject.owner, job: "other" },
    });
    expect(await dry.apply({ action: "delete", actual: deployed, why: "test" })).toBeUndefined();
    expect(await dry.apply({ action: "keep", desired: deployed, actual: deployed, why: "test" })).toEqual(deployed);
    await dry.setPaused("job", true, "test");
    await dry.stop(handle, "hard");
    await expect(dry.start(requestFor(subject, "s", subject.workloads.quick))).rejects.toMatchObject({
      code: "unsupported",
    });
    expect(calls.map((call) => call.method)).toEqual(["apply", "apply", "setPaused", "stop", "start"]);
    expect(await dry.listDeployments()).toEqual(before);
    expect((await dry.inspect(handle)).phase).toBe("running");
    expect(await subject.provider.find("s")).toBeUndefined();
  });
});

const SECRET = 'pa"ss/wörd+1';
const shapes: readonly (readonly [string, (secret: string) => string])[] = [
  ["as it is", (secret) => secret],
  ["in JSON", (secret) => JSON.stringify({ deep: [{ key: secret }] })],
  ["in JSON in JSON", (secret) => JSON.stringify(JSON.stringify({ key: secret }))],
  ["in a URL", (secret) => `https://host/?token=${encodeURIComponent(secret)}&x=1`],
  ["in a form", (secret) => new URLSearchParams({ token: secret }).toString()],
  ["in Basic authorization", (secret) => `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`],
  ["in Base64 for URLs", (secret) => Buffer.from(`u:${secret}:x`).toString("base64url")],
  ["in hex", (secret) => Buffer.from(secret).toString("hex")],
  ["twice", (secret) => `${secret} and ${secret}`],
];

describe("a redactor", () => {
  it.each(shapes)("finds a secret %s", (_name, shape) => {
    const redact = createRedactor([`${SECRET}\n`]);
    const text = redact(shape(SECRET));
    expect(text).toContain("•••");
    expect(decoded(text)).not.toContain(SECRET);
  });

  it("finds any secret in any of these shapes, and leaves other text alone", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, unit: "grapheme" }).filter((text) => text.trim().length >= 6),
        fc.nat(shapes.length - 1),
        (secret, index) => {
          const text = shapes[index]?.[1](secret) ?? "";
          expect(createRedactor([secret])(text)).not.toBe(text);
          expect(createRedactor(["something else"])(text)).toBe(text);
        },
      ),
    );
  });

  it("does not take a text apart for a value too short to be a secret", () => {
    expect(createRedactor(["", " ", "abc"])("abc in abcdef")).toBe("abc in abcdef");
  });
});

/** All that a reader could make of the text. */
function decoded(text: string): string {
  const words = text.split(/[^A-Za-z0-9+/_=-]+/);
  return [
    text,
    ...words.map((word) => Buffer.from(word, "base64").toString()),
    ...words.map((word) => Buffer.from(word, "hex").toString()),
  ].join("\n");
}

describe("the log", () => {
  async function stand() {
    const lines: string[] = [];
    const subject = await openMemorySubject();
    const provider = withLog(
      subject.provider,
      (level, message, fields) => lines.push(JSON.stringify({ level, message, ...fields })),
      new VirtualClock(),
      createRedactor([SECRET]),
    );
    return { lines, subject, provider };
  }

  it("says what was called and how it ended, and holds nothing of what was sent", async () => {
    const { lines, subject, provider } = await stand();
    const request = requestFor(subject, "r", subject.workloads.quick);
    await provider.start({ ...request, env: { TOKEN: "plain-text-value" } });
    await expect(provider.inspect("memory-9")).rejects.toMatchObject({ code: "missing" });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "debug",
      message: "start done",
      method: "start",
      subject: "r",
    });
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ level: "debug", code: "missing" });
    expect(lines.join("")).not.toContain("plain-text-value");
  });

  it("passes no secret on in an error: message, mend, cause and stack", async () => {
    const { lines, subject } = await stand();
    const failing = wrapProvider(subject.provider, () => {
      const cause = new Error(`refused for ${SECRET}`);
      throw new ProviderError("denied", `no such user: ${SECRET}`, { cause, fix: `unset ${SECRET}`, retryAfterMs: 5 });
    });
    const provider = withLog(
      failing,
      (_level, message) => lines.push(message),
      new VirtualClock(),
      createRedactor([SECRET]),
    );
    const error = await provider.listRuns(0).catch((thrown: ProviderError) => thrown);
    expect(error).toMatchObject({ code: "denied", retryAfterMs: 5 });
    const { message, fix, stack, cause } = error as ProviderError;
    expect([message, fix, stack, (cause as Error).message, (cause as Error).stack, ...lines].join("\n")).not.toContain(
      SECRET,
    );
  });

  it("makes anything else that is thrown a defect of the adapter", async () => {
    const { lines, subject } = await stand();
    const failing = wrapProvider(subject.provider, () => {
      throw new TypeError("x is undefined");
    });
    const provider = withLog(failing, (level) => lines.push(level), new VirtualClock(), createRedactor([]));
    await expect(provider.listRuns(0)).rejects.toMatchObject({ name: "ProviderError", code: "internal" });
    expect(lines).toEqual(["error"]);
  });
});

describe("options", () => {
  it("that are wrong are refused all at once, each with its place", () => {
    const options = { schedules: "sometimes", intervalSeconds: "10s", colour: "red" };
    expect(() => parseOptions(memoryOptions, { placement: "m", options })).toThrow(
      expect.objectContaining({
        code: "invalid",
        message: expect.stringMatching(/providers\.m\.schedules: .*providers\.m\.intervalSeconds: .*colour/s),
      }),
    );
  });
});

describe("the job in a deployment", () => {
  it("is read back as it was, and not from anything else", async () => {
    const subject = await openMemorySubject();
    const desired = desiredJob(subject, "job", subject.workloads.quick);
    const [resource] = subject.provider.render(desired, NOW).resources;
    if (!resource) throw new Error("nothing rendered");
    expect(desiredOf(resource)).toEqual(desired);
    expect(desiredOf({ ...resource, kind: "task" })).toBeUndefined();
    for (const job of [null, 1, [], {}, { name: "x" }])
      expect(desiredOf({ ...resource, fields: { job } })).toBeUndefined();
  });
});
