import fc from "fast-check";
import { dump } from "js-yaml";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { CODES, renderDiagnostics } from "../../../src/diagnostic/index.ts";
import { compose } from "../../../src/manifest/compose.ts";
import { load, withJob } from "./memory.ts";

const VALID = withJob(
  `process: { command: [python, "a.py"], env: { A: "1" }, memory: 2GiB }
schedule: { every: week, within: [morning, "Sat 10:00-12:00"], by: "Wed 12:00", times: 2, apart: 3h }
guard: { idle: 10m, cost: 5 USD, output: 1GiB }
labels: &l { tier: gold }
retry: { attempts: 3, backoff: 30s }
environments:
  prod:
    labels: *l
    schedule: "*/5 6-18 * * 1-5"`,
  `timezone: America/Toronto
windows: { morning: "Mon-Fri 06:00-12:00" }
providers: { local: {}, aws: { region: us-east-1 } }
environments: { dev: { provider: local }, prod: { provider: aws } }
budgets: { b: { match: { team: x }, limit: 400 USD, warnAt: [50%, 80%] } }
defaults: { guard: { idle: 30m, duration: 2h } }
`,
);

/** Whatever comes in: an answer, with known codes, places that exist, text that can be shown, and an untouched prototype. */
async function holds(input: string | Uint8Array): Promise<void> {
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  const result = await load(input);
  expect(result.manifest !== undefined).toBe(!result.diagnostics.some(({ severity }) => severity === "error"));
  for (const { code, file, line, column, length, message } of result.diagnostics) {
    expect(Object.hasOwn(CODES, code)).toBe(true);
    expect(message.length).toBeGreaterThan(0);
    const source = result.line(file, line);
    if (source !== undefined) {
      expect(column).toBeLessThanOrEqual(source.length + 1);
      expect(length).toBeGreaterThanOrEqual(1);
    }
  }
  expect(renderDiagnostics(result.diagnostics, { line: result.line }).includes("undefined:")).toBe(false);
  expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
}

const words = fc.constantFrom(
  ..."__proto__ constructor prototype toString rota namespace jobs process command schedule cron every within guard idle 30m 5 USD manual environments prod defaults include windows polluted a 1 true null ~ .inf 0x1F *l &l !!str << Mon-Fri 06:00-12:00 1GiB 80%".split(
    " ",
  ),
);

test("the valid manifest that others are made of is valid", async () => {
  expect((await load(VALID)).diagnostics).toEqual([]);
});

describe("no input crashes, hangs or reaches the prototype", () => {
  test("random bytes", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), holds), { numRuns: 300 });
  });
  test("random text of YAML's own signs", async () => {
    const sign = fc.constantFrom(..."{}[]:,-?&*!|>'\"%@`# \n\t.~<=aé日\u{1f600}".split(""));
    const text = fc.array(fc.oneof(sign, words), { maxLength: 60 }).map((parts) => parts.join(""));
    await fc.assert(fc.asyncProperty(text, holds), { numRuns: 600 });
  });
  test("a valid manifest with pieces cut out, put in and moved", async () => {
    const edit = fc.record({
      at: fc.nat(VALID.length),
      remove: fc.nat(12),
      insert: fc.oneof(words, fc.string({ maxLength: 4 })),
    });
    const mutated = fc
      .array(edit, { minLength: 1, maxLength: 4 })
      .map((edits) =>
        edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), VALID),
      );
    await fc.assert(fc.asyncProperty(mutated, holds), { numRuns: 600 });
  });
  test("well-formed YAML of any shape, under the manifest's own keys", async () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        words,
        fc.oneof(fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.boolean(), fc.constant(null)),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.array(fc.tuple(words, tie("tree")), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
      ),
    }));
    const root = fc.record({
      rota: fc.constant(1),
      namespace: words,
      jobs: tree,
      defaults: tree,
      windows: tree,
      providers: tree,
    });
    const text = root.map((value) => dump(value, { noRefs: true }));
    await fc.assert(fc.asyncProperty(text, holds), { numRuns: 400 });
  });
});

test("values are those that another YAML parser reads", () => {
  const scalar = fc.oneof(
    words.filter((word) => !/^[*&!<~.]|__proto__/.test(word)),
    fc.constantFrom(
      "no",
      "0o17",
      "1_000",
      "0x1F",
      "1e3",
      "-0",
      "+5",
      ".5",
      "Null",
      "TRUE",
      "yes",
      "2026-12-01",
      "12:30",
      "0b1",
      "1.",
      "-",
    ),
    fc.integer().map(String),
    fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
    fc.stringMatching(/^[a-z ]{0,8}$/).map((text) => `'${text}'`),
  );
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie("node"), { maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
      fc
        .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), tie("node")), {
          maxLength: 4,
          selector: ([key]) => key,
        })
        .map((pairs) => `{${pairs.map(([key, value]) => `${key}: ${value}`).join(", ")}}`),
    ),
  }));
  const document = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), node), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(document, (pairs) => {
      const unique = [...new Map(pairs)];
      const text = unique.map(([key, value]) => `${key}: ${value}\n`).join("");
      const composed = compose(text);
      if (composed.problems.some(({ severity }) => severity === undefined)) return;
      expect(composed.value).toEqual(parse(text, { version: "1.2", schema: "core", stringKeys: true }));
    }),
    { numRuns: 500 },
  );
});

test("every part of a manifest loads the same from flow and from block style", async () => {
  const flow = await load(VALID);
  const value = parse(VALID) as unknown;
  const block = await load(dump(value, { noRefs: true }));
  expect(block.diagnostics).toEqual([]);
  expect(block.manifest).toEqual(flow.manifest);
});
