import { expect, test } from "vitest";
import { loadManifest } from "../../../src/manifest/index.ts";
import { load, memoryFiles, withJob } from "./memory.ts";

const SIZE = 1_000_000;
const HEAD = "rota: 1\nnamespace: acme\n";
const repeat = (text: string, size = SIZE): string => text.repeat(Math.ceil(size / text.length));
const lines = (line: (i: number) => string, count: number): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("");
const bomb = lines(
  (i) =>
    `a${i}: &a${i} [${
      i === 0
        ? "x"
        : Array(10)
            .fill(`*a${i - 1}`)
            .join(", ")
    }]\n`,
  40,
);

/** Each must be answered in a few seconds on a busy machine; an answer that grows with the square of the input is not. */
const CASES: readonly (readonly [name: string, text: string, code: string])[] = [
  ["deep flow", repeat("["), "R1012"],
  ["deep flow maps", repeat("{a: "), "R1012"],
  ["deep blocks", lines((i) => `${" ".repeat(i)}a:\n`, 1000), "R1012"],
  ["deep sequences", repeat("- "), "R1012"],
  ["an alias bomb", bomb, "R1013"],
  ["many aliases", `- &a [x, x, x]\n${repeat("- *a\n")}`, "R1013"],
  ["many anchors", lines((i) => `- &a${i} x\n`, 80_000), "R1013"],
  ["many unknown keys", HEAD + lines((i) => `k${i}: 1\n`, 80_000), "R1020"],
  ["many jobs that are none", `${HEAD}jobs:\n${lines((i) => `  k${i}: 1\n`, 80_000)}`, "R1022"],
  ["many keys in one job", withJob(lines((i) => `k${i}: 1\n`, 80_000)), "R1020"],
  ["many tags", repeat("- !x y\n"), "R1010"],
  ["many documents", repeat("---\n"), "R1007"],
  ["many directives", repeat("%TAG ! tag:x\n"), "R1006"],
  ["a long duration", `${HEAD}defaults: { guard: { idle: "${repeat("1")}" } }\n`, "R1030"],
  ["a long amount", `${HEAD}defaults: { guard: { cost: "${repeat("1 ")}" } }\n`, "R1032"],
  ["a long cron", withJob(`schedule: "${repeat("1,")}"`), "R1027"],
  ["a long window", `${HEAD}windows: { a: "${repeat("Mon,")} 06:00-07:00" }\n`, "R1027"],
  ["a long name", `${HEAD}jobs: { ${repeat("aB-")}: 1 }\n`, "R1027"],
  ["a long zone", `${HEAD}timezone: ${repeat("A/")}\n`, "R1027"],
  ["an unclosed quote", `a: "${repeat("x ")}`, "R1006"],
  ["colons", `a: ${repeat(": ")}`, "R1006"],
  ["a million line ends", `a: x\n${repeat("\n")}b`, "R1006"],
];

test.each(CASES)("%s", { timeout: 20_000 }, async (_name, text, code) => {
  const { manifest, diagnostics } = await load(text);
  expect(manifest).toBeUndefined();
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
  for (const { message, hint } of diagnostics) expect(message.length + (hint?.length ?? 0)).toBeLessThanOrEqual(1000);
});

test("more marks than a file may have are counted before it is parsed", async () => {
  const { diagnostics } = await loadManifest({
    file: "jobs.yaml",
    files: memoryFiles({ "jobs.yaml": `a: [${"x,".repeat(4_100_000)}x]` }),
  });
  expect(diagnostics.map(({ code }) => code)).toEqual(["R1013"]);
});

test("5,000 misspelt names among 5,000 jobs are answered, and the rest is said to be left out", {
  timeout: 30_000,
}, async () => {
  const line = (i: number): string =>
    `  job-${i}: { process: { command: [x] }, schedule: { every: day, after: [jbo-${i}, job-x${i}] } }\n`;
  const { diagnostics } = await load(`${HEAD}jobs:\n${lines(line, 5000)}`);
  expect(diagnostics.length).toBe(5001);
  expect(diagnostics[0]).toMatchObject({ code: "R1052", hint: 'did you mean "job-0"?' });
  expect(diagnostics.at(-1)?.code).toBe("R1099");
});

test("a chain of 20,000 jobs is no cycle, and closed it is one", async () => {
  const count = 20_000;
  const line = (i: number, last: number): string =>
    `  j${i}: { process: { command: [x] }, schedule: { every: day${i === last ? "" : `, after: [j${(i + 1) % count}]`} } }\n`;
  const chain = await load(`${HEAD}jobs:\n${lines((i) => line(i, count - 1), count)}`);
  expect(chain.diagnostics).toEqual([]);
  const circle = await load(`${HEAD}jobs:\n${lines((i) => line(i, -1), count)}`);
  expect(circle.diagnostics.map(({ code }) => code)).toEqual(["R1053"]);
});
