import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Diagnostic, sortDiagnostics } from "../../../src/diagnostic/index.ts";
import { load } from "./memory.ts";

interface Case {
  readonly name: string;
  readonly codes: readonly string[];
  readonly hint: string;
  readonly body: string;
}

interface Expected {
  readonly code: string;
  readonly severity: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

const FRAME = `rota: 1
namespace: acme
windows: { morning: "Mon-Fri 06:00-12:00" }
calendars: { ontario: { skip: ["2026-12-24"] } }
notify: { ops: { command: [mail] } }
providers: { local: {}, aws: {} }
environments: { dev: { provider: local }, prod: { provider: aws } }
pools: { warehouse: { capacity: 32 } }
jobs:
  other: { process: { command: [x] }, schedule: manual }
  prod-only: { process: { command: [x] }, schedule: manual, only: [prod] }
  a:
`;

const AROUND: Readonly<Record<string, (body: string) => string>> = {
  yaml: (body) => body,
  root: (body) => `rota: 1\nnamespace: acme\n${body}jobs: { ok: { process: { command: [x] }, schedule: manual } }\n`,
  job: (body) => {
    const [own = "", tail = ""] = body.split("--- tail\n");
    return `${FRAME}${own.replace(/^(?=.)/gm, "    ")}${tail}`;
  },
};

function readCases(file: string): Case[] {
  const text = readFileSync(new URL(`../../golden/manifest/${file}.txt`, import.meta.url), "utf8");
  return text.split(/^=== /m).flatMap((part) => {
    if (part === "") return [];
    const end = part.indexOf("\n");
    const [name = "", codes = "", ...hint] = part.slice(0, end).split(" | ");
    return [{ name, codes: codes.split(","), hint: hint.join(" | "), body: part.slice(end + 1) }];
  });
}

/** The text without its marks, and where they stood. */
function unmark(marked: string, codes: readonly string[]): { text: string; expected: Expected[] } {
  const expected: Expected[] = [];
  let text = "";
  let start = 0;
  let places = codes;
  if (codes[0]?.endsWith("@job")) places = codes.slice(1);
  for (const char of marked) {
    if (char === "⟦") start = text.length;
    else if (char === "⟧") expected.push(place(text, start, places[expected.length] ?? "none"));
    else text += char;
  }
  if (places !== codes) expected.push(place(text, text.indexOf("\n  a:") + 3, codes[0]?.replace("@job", "") ?? "", 1));
  return { text, expected };
}

function place(text: string, start: number, code: string, length = text.length - start): Expected {
  const lines = text.slice(0, start).split("\n");
  const onLine = (text.slice(start).split("\n")[0] ?? "").length;
  return {
    code: code.replace(/^w/, ""),
    severity: code.startsWith("w") ? "warning" : "error",
    line: lines.length,
    column: (lines.at(-1) ?? "").length + 1,
    length: Math.max(1, Math.min(length, start + length > text.length ? onLine : length)),
  };
}

const shown = ({ code, severity, line, column, length }: Diagnostic): Expected => ({
  code,
  severity,
  line,
  column,
  length,
});

for (const file of ["yaml", "root", "job"]) {
  test.each(readCases(file))(`${file}: $name`, async ({ codes, hint, body }) => {
    const { text, expected } = unmark(AROUND[file]?.(body) ?? "", codes);
    expect(expected.length).toBe(codes.length);
    const { diagnostics, manifest } = await load(text);
    const found = sortDiagnostics(diagnostics);
    expect(found.map(shown), found.map((d) => `${d.message} (${d.hint ?? ""})`).join("; ")).toEqual(expected);
    expect(found[0]?.hint ?? "").toContain(hint);
    expect(manifest === undefined).toBe(found.some(({ severity }) => severity === "error"));
  });
}

test("there are at least 150 bad manifests", () => {
  expect(["yaml", "root", "job"].flatMap(readCases).length).toBeGreaterThanOrEqual(150);
});
