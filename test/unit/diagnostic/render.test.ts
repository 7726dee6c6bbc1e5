import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Diagnostic,
  nearest,
  renderDiagnostic,
  renderDiagnostics,
  sortDiagnostics,
  strict,
} from "../../../src/diagnostic/index.ts";

const base: Diagnostic = {
  code: "R1042",
  severity: "error",
  file: "jobs.yaml",
  line: 31,
  column: 14,
  length: 7,
  message: 'unknown window "mornign"',
  hint: 'did you mean "morning"?',
};
const frame = (text: string) => ({ line: () => text });
const caretColumn = (text: string): number => (text.split("\n")[2] ?? "").indexOf("^");

describe("a frame", () => {
  test("shows the line, a caret under the place and the hint", () => {
    expect(renderDiagnostic(base, frame("    within: [mornign]"))).toBe(
      [
        'jobs.yaml:31:14 error[R1042] unknown window "mornign"',
        "  31 |     within: [mornign]",
        '     |              ^^^^^^^ did you mean "morning"?',
      ].join("\n"),
    );
  });
  test("puts the hint on a line of its own when there is no source", () => {
    expect(renderDiagnostic(base)).toBe(
      'jobs.yaml:31:14 error[R1042] unknown window "mornign"\n  did you mean "morning"?',
    );
  });
  test.each([
    ["a tab", "\tx", 2, 1, "  1 | ".length + 4],
    ["a wide letter", "日x", 2, 1, "  1 | ".length + 2],
    ["a combining mark", "e\u0301x", 3, 1, "  1 | ".length + 1],
    ["an emoji of two units", "😀x", 3, 1, "  1 | ".length + 2],
  ])("lines up after %s", (_name, text, column, length, at) => {
    expect(caretColumn(renderDiagnostic({ ...base, line: 1, column, length }, frame(text)))).toBe(at);
  });
  test("cuts a long line around the place", () => {
    const text = `${"a".repeat(5000)}HERE${"b".repeat(5000)}`;
    const shown = renderDiagnostic({ ...base, column: 5001, length: 4 }, frame(text)).split("\n");
    expect(shown[1]?.length).toBeLessThan(140);
    expect(shown[1]?.slice(caretColumn(shown.join("\n"))).startsWith("HERE")).toBe(true);
  });
  test("lets no control character, colour or reordering through to the terminal", () => {
    const evil = "\u001b[31m\u202e\u0007";
    const shown = renderDiagnostic({ ...base, file: evil, message: evil, hint: evil }, frame(evil));
    expect(shown).not.toMatch(/[\u001b\u0007\u202e]/);
  });
  test("colours only when asked", () => {
    expect(renderDiagnostic(base, { colour: true })).toContain("\u001b[1;31merror[R1042]\u001b[0m");
    expect(renderDiagnostic(base)).not.toContain("\u001b");
  });
});

test("many are sorted by place and counted", () => {
  const later = { ...base, line: 40 };
  const warning: Diagnostic = { ...base, severity: "warning", line: 2 };
  const text = renderDiagnostics([later, base, warning]);
  expect([...text.matchAll(/:(\d+):14/g)].map(([, line]) => line)).toEqual(["2", "31", "40"]);
  expect(text.endsWith("2 errors, 1 warning")).toBe(true);
  expect(renderDiagnostics([])).toBe("");
});

test("of more than a screen's worth the end says how many of which code, the most first", () => {
  const times = (count: number, change: Partial<Diagnostic>): Diagnostic[] =>
    Array.from({ length: count }, (_, i) => ({ ...base, line: i + 1, ...change }));
  const text = renderDiagnostics([
    ...times(3, { code: "R1043" }),
    ...times(8, { code: "R1022" }),
    ...times(3, { code: "R1008" }),
    ...times(2, { severity: "warning" }),
  ]);
  expect(text.split("\n").at(-1)).toBe("14 errors (8 × R1022, 3 × R1008, 3 × R1043), 2 warnings");
  // All of them are there all the same.
  expect(text.match(/error\[/g)).toHaveLength(14);
});

test("the order does not depend on the order they came in", () => {
  const any = fc.record({
    line: fc.integer({ min: 1, max: 4 }),
    column: fc.integer({ min: 1, max: 4 }),
    code: fc.constantFrom("R1001", "R1002"),
    file: fc.constantFrom("a", "b"),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 12 }), (list) => {
      const diagnostics = list.map((part) => ({ ...base, ...part }));
      expect(sortDiagnostics(diagnostics.toReversed())).toEqual(sortDiagnostics(diagnostics));
    }),
  );
});

test("strict makes warnings errors and keeps the rest", () => {
  const note: Diagnostic = { ...base, severity: "info" };
  expect(strict([{ ...base, severity: "warning" }, base, note])).toEqual([base, base, note]);
});

describe("nearest", () => {
  const known = ["morning", "business", "night", "process", "container"];
  test.each([
    ["mornign", "morning"],
    ["Night", "night"],
    ["buisness", "business"],
    ["proc", "process"],
    ["evening", undefined],
    ["x", undefined],
    ["", undefined],
    ["a".repeat(10_000), undefined],
  ])("%s → %s", (name, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });
  test("an exact name is nearest to itself", () => {
    for (const name of known) expect(nearest(name, known)).toBe(name);
  });
});
