import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Slot, SlotStart, Weekday } from "../../../src/model/index.ts";
import { type Lock, parseLock, renderLock, withSlots } from "../../../src/stagger/index.ts";

const minute = fc.integer({ min: 0, max: 1439 });
const start: fc.Arbitrary<SlotStart> = fc.oneof(
  fc.record({ minute }),
  fc.record({ weekday: fc.integer({ min: 1, max: 7 }).map((d) => d as Weekday), minute }),
  fc.record({
    week: fc.integer({ min: 0, max: 51 }),
    weekday: fc.integer({ min: 1, max: 7 }).map((d) => d as Weekday),
    minute,
  }),
  fc.record({ day: fc.integer({ min: 1, max: 28 }), minute }),
);
const slot: fc.Arbitrary<Slot> = fc.oneof(
  fc.record({ kind: fc.constant("phase" as const), offsetMinutes: fc.integer({ min: 0, max: 719 }) }),
  fc.record({ kind: fc.constant("starts" as const), starts: fc.array(start, { minLength: 1, maxLength: 5 }) }),
);
const name = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/),
  fc.string({ minLength: 1 }),
  fc.constantFrom("no", "__proto__", "a: b"),
);
const lock: fc.Arbitrary<Lock> = fc
  .array(fc.tuple(name, fc.array(fc.tuple(name, slot))))
  .map((sections) => ({ environments: new Map(sections.map(([env, slots]) => [env, new Map(slots)])) }));

describe("jobs.lock.yaml", () => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(lock, (original) => {
        const { lock: read, problems } = parseLock(renderLock(original));
        expect(problems).toEqual([]);
        expect(read).toEqual(original);
        expect(renderLock(read)).toBe(renderLock(original));
      }),
    );
  });

  it("does not depend on the order in which slots were added", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, slot), { selector: ([n]) => n }), (slots) => {
        const backwards = renderLock(withSlots(undefined, "prod", new Map([...slots].reverse())));
        expect(backwards).toBe(renderLock(withSlots(undefined, "prod", new Map(slots))));
      }),
    );
  });

  it("reads as a person expects", () => {
    const slots = new Map<string, Slot>([
      ["zeta", { kind: "phase", offsetMinutes: 3 }],
      [
        "alpha",
        {
          kind: "starts",
          starts: [
            { weekday: 1, minute: 395 },
            { weekday: 4, minute: 860 },
          ],
        },
      ],
      ["beta", { kind: "starts", starts: [{ day: 15, minute: 130 }] }],
      ["gamma", { kind: "starts", starts: [{ week: 1, weekday: 7, minute: 0 }] }],
    ]);
    const text = renderLock(withSlots(withSlots(undefined, "prod", slots), "dev", new Map()));
    expect(text.split("\n").slice(2)).toEqual([
      "rotaLock: 1",
      "environments:",
      "  dev: {}",
      "  prod:",
      '    alpha: "Mon 06:35, Thu 14:20"',
      '    beta: "day 15 02:10"',
      '    gamma: "week 1 Sun 00:00"',
      '    zeta: "+3m"',
      "",
    ]);
  });

  it.each([
    ["    a: Mon 06:35", []],
    ["    a: 'Mon 06:35'", []],
    ["    a: Mon 06:35\r", []],
    ["<<<<<<< ours", [4]],
    ["    a: Mon 25:00", [4]],
    ["    a: day 29 01:00", [4]],
    ['    a: "Mon 06:35"\n    a: "Mon 06:36"', [5]],
    ["  prod:", [4]],
    ["    - a", [4]],
    ['    "a\\x": "02:00"', [4]],
    ['    "a\tb": "02:00"', [4]],
    ["    a: !!js/function x", [4]],
  ])("names the lines it cannot take: %j", (line, lines) => {
    const { problems } = parseLock(`rotaLock: 1\nenvironments:\n  prod:\n${line}\n`);
    expect(problems.map((p) => p.line)).toEqual(lines);
  });

  it("refuses a file that is no lock, and a newer form", () => {
    expect(parseLock("").problems[0]?.message).toContain("not a lock");
    expect(parseLock("rotaLock: 2\n").problems[0]?.hint).toContain("newer");
  });

  it("reads a line of a million blanks at once", () => {
    const { problems } = parseLock(`rotaLock: 1\nenvironments:\n  prod:\n    a:${" ".repeat(1e6)}#\n`);
    expect(problems.map((p) => p.line)).toEqual([4]);
  });

  it("never throws, whatever it is given", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => parseLock(text).problems.length >= 0));
  });
});
