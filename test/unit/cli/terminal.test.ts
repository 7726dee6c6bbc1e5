import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { table, terminalOf, visibleWidth } from "../../../src/cli/terminal.ts";
import type { Shell } from "../../../src/cli/world.ts";

const shellWith = (env: Readonly<Record<string, string>>, isTTY: boolean, columns?: number): Shell => {
  const stream = { write: () => true, isTTY, ...(columns === undefined ? {} : { columns }) };
  return {
    cwd: "/",
    env,
    stdout: stream,
    stderr: stream,
    stdin: { async *[Symbol.asyncIterator]() {} },
    version: "1",
    interrupted: new AbortController().signal,
  };
};

describe("colour", () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true, false],
  ])("with %j on a terminal (%s): %s", (env, isTTY, coloured) => {
    expect(terminalOf(shellWith(env, isTTY)).paint("x", "red")).toBe(coloured ? "\u001b[31mx\u001b[0m" : "x");
  });
});

describe("width", () => {
  test.each([
    [false, 100, undefined],
    [true, 132, 132],
    [true, 12, 40],
    [true, undefined, 80],
  ])("on a terminal (%s) of %s columns: %s", (isTTY, columns, expected) => {
    expect(terminalOf(shellWith({}, isTTY, columns)).width).toBe(expected);
  });
});

describe("table", () => {
  test("pads to the widest cell, wide letters and colours counted as they show", () => {
    const rows = [
      ["a", "世界", "1"],
      ["\u001b[31mlonger\u001b[0m", "é", "1000"],
    ];
    expect(table(rows, { right: new Set([2]) })).toBe("a       世界     1\n\u001b[31mlonger\u001b[0m  é     1000");
  });

  test("breaks the last column between words and under itself", () => {
    expect(table([["run.1", "the run before it has not ended yet"]], { width: 32 })).toBe(
      "run.1  the run before it has not\n       ended yet",
    );
  });

  test("puts the last column below where it has no room beside", () => {
    expect(
      table([["a-run-with-a-long-name.20261123T0600.1", "failed", "the supplier renamed a column"]], { width: 50 }),
    ).toBe("a-run-with-a-long-name.20261123T0600.1  failed\n    the supplier renamed a column");
  });

  test("nothing is lost, and no line is longer than it must be", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "é", "世", "-"), minLength: 1, maxLength: 12 });
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, text), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 40, max: 90 }),
        (rows, width) => {
          const shown = table(rows, { width });
          expect(shown.split(/\s+/).join("")).toBe(rows.flat().join("").replaceAll(/\s+/g, ""));
          for (const line of shown.split("\n")) expect(visibleWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
