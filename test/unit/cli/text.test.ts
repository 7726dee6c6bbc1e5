import { describe, expect, test } from "vitest";
import { eventLine } from "../../../src/cli/events.ts";
import { describeError } from "../../../src/cli/fault.ts";
import { logStream } from "../../../src/cli/log-stream.ts";
import { terminalOf } from "../../../src/cli/terminal.ts";
import { amountText, counted, parseInstantOrDate, parseSince } from "../../../src/cli/text.ts";
import { CommandError, type Shell } from "../../../src/cli/world.ts";
import { ControlError } from "../../../src/engine/index.ts";
import type { Entry, LedgerEvent } from "../../../src/model/index.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

function shellThat(took: string[], isTTY: boolean = false): Shell {
  const stream = { write: (text: string) => took.push(text), isTTY };
  return {
    cwd: "/",
    env: { NO_COLOR: "1" },
    stdout: stream,
    stderr: stream,
    stdin: { async *[Symbol.asyncIterator]() {} },
    version: "1",
    interrupted: new AbortController().signal,
  };
}

test.each([
  ["0", "0.00 USD"],
  ["0.000000001", "0.000000 USD"],
  ["0.000294", "0.000294 USD"],
  ["-0.05", "-0.050000 USD"],
  ["0.1", "0.10 USD"],
  ["12.345678901", "12.35 USD"],
  ["12.345", "12.34 USD"],
  ["12.355", "12.36 USD"],
])("an amount of %s is shown as %s", (amount, shown) => {
  expect(amountText({ amount, currency: "USD" })).toBe(shown);
});

test.each([
  [0, "0 jobs"],
  [1, "1 job"],
  [2, "2 jobs"],
])("%i is %s", (count, shown) => {
  expect(counted(count, "job")).toBe(shown);
});

test.each([
  ["2h", NOW - 7_200_000],
  ["1w2d", NOW - 9 * 86_400_000],
  ["2026-11-01", Date.UTC(2026, 10, 1)],
  ["2026-11-01T06:00:00-05:00", Date.UTC(2026, 10, 1, 11)],
])("since %s", async (text, at) => {
  expect(await parseSince(text, NOW)).toBe(at);
});

test.each(["", "yesterday", "2026-02-30", "7", "2026-11-23T06:00"])("since %j is refused", async (text) => {
  await expect(parseSince(text, NOW)).rejects.toThrow(CommandError);
  expect(parseInstantOrDate(text)).toBeUndefined();
});

describe("an error", () => {
  test("made for people is its message and its mend", () => {
    expect(describeError(new CommandError("no", "do this"))).toBe("rota: no\n  do this");
    expect(describeError(new ControlError("refused", "held"))).toBe("rota: held");
  });
  test("of the system is its message", () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(describeError(error)).toBe("rota: ENOSPC: no space left on device, write");
  });
  test("that should not be is told with its trace", () => {
    expect(describeError(new TypeError("x is undefined"))).toMatch(
      /please report it\nTypeError: x is undefined\n +at /,
    );
    expect(describeError("thrown text")).toBe("rota: thrown text");
  });
});

describe("the daemon's log", () => {
  const line = '{"level":40,"time":1,"pid":1,"hostname":"h","round":"budgets","msg":"a round failed"}\n';
  test("is as it is for a collector", () => {
    const took: string[] = [];
    logStream(shellThat(took)).write(line);
    expect(took).toEqual([line]);
  });
  test("is one short line for a person", () => {
    const took: string[] = [];
    logStream(shellThat(took, true)).write(line);
    expect(took).toEqual(['warn: a round failed round="budgets"\n']);
  });
});

describe("an event's line", () => {
  const lineOf = (event: LedgerEvent): string | undefined =>
    eventLine({ seq: 1, at: NOW, event } as Entry, terminalOf(shellThat([])), "America/Toronto");

  test.each<[string, LedgerEvent]>([
    ["07:00:00  ▶ a.1 started", { type: "run.started", run: "a.1", startedAt: NOW } as LedgerEvent],
    ["07:00:00  ✓ a.1 succeeded", { type: "run.ended", run: "a.1", status: "succeeded", reason: "" } as LedgerEvent],
    [
      "07:00:00  ! a.1 failed: exit code 1\u241b[2J",
      { type: "run.ended", run: "a.1", status: "failed", reason: "exit code 1\u001b[2J" } as LedgerEvent,
    ],
    [
      "07:00:00  ✗ a/2026-11-23T06:00/0 missed: the daemon was down",
      {
        type: "fire.missed",
        count: 1,
        firstFire: "a/2026-11-23T06:00/0",
        detail: "the daemon was down",
      } as LedgerEvent,
    ],
    [
      "07:00:00  – 3 fires from x to y skipped: overlap",
      { type: "fire.skipped", count: 3, firstFire: "x", lastFire: "y", detail: "overlap" } as LedgerEvent,
    ],
    ["07:00:00  - a removed from local", { type: "job.undeployed", job: "a", placement: "local" } as LedgerEvent],
    ["07:00:00  ⚑ the guard is held: 10 stops", { type: "guard.held", reason: "10 stops" } as LedgerEvent],
  ])("%s", (line, event) => {
    expect(lineOf(event)).toBe(line);
  });

  test("is none for what does not concern a person", () => {
    expect(lineOf({ type: "run.note", run: "a.1", component: "person", text: "x" } as LedgerEvent)).toBeUndefined();
  });
});
