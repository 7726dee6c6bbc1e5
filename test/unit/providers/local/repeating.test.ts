import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RepeatTracker, withoutTimestamps } from "../../../../providers/local/repeating.ts";

describe("a line without its timestamp", () => {
  it.each([
    ["2026-11-23T06:00:00.123Z still here", "still here"],
    ["2026-11-23 06:00:00,123 INFO still here", "INFO still here"],
    ["2026-11-23T06:00:00+01:00 still here", "still here"],
    ["[2026/11/23 06:00:00] still here", "[] still here"],
    ["Nov 23 06:00:00 host still here", "host still here"],
    ["Mon Nov 23 06:00:00 UTC 2026", "UTC 2026"],
    ["23/Nov/2026:06:00:00 +0000 GET /", "+0000 GET /"],
    ["06:00:00.5 still here", "still here"],
    ["step 17 of 90", "step 17 of 90"],
    ["loss 0.1234", "loss 0.1234"],
    ["epoch 3: 45%", "epoch 3: 45%"],
  ])("%s", (line, rest) => expect(withoutTimestamps(line)).toBe(rest));
});

describe("repeating output", () => {
  it("is all of it when one line comes again and again, whatever the clock writes before it", () => {
    const tracker = new RepeatTracker();
    tracker.advance("2026-11-23T06:00:00Z still here\n");
    expect(tracker.advance("2026-11-23T06:00:01Z still here\n2026-11-23T06:00:02Z still here\n")).toEqual({
      share: 1,
      line: "still here",
    });
  });

  it("is none of it when a number goes up", () => {
    const tracker = new RepeatTracker();
    const lines = (from: number) => Array.from({ length: 100 }, (_, index) => `step ${from + index}\n`).join("");
    tracker.advance(lines(0));
    expect(tracker.advance(lines(100))).toEqual({ share: 0 });
    expect(tracker.advance(lines(100))?.share).toBe(1);
  });

  it("is not known from a part of a line", () => {
    const tracker = new RepeatTracker();
    expect(tracker.advance("still")).toBeUndefined();
    expect(tracker.advance(" here\n")).toEqual({ share: 0 });
    expect(tracker.advance("still here")).toBeUndefined();
    expect(tracker.advance("\n")?.share).toBe(1);
  });

  it("is seen without line ends too", () => {
    const tracker = new RepeatTracker();
    tracker.advance("y".repeat(20_000));
    expect(tracker.advance("y".repeat(20_000))?.share).toBe(1);
  });

  it("is what came before, however the output is cut into pieces", () => {
    const line = fc.constantFrom("a", "b", "c", "step 1", "step 2", "x".repeat(100));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(), { maxLength: 5 }), (lines, cuts) => {
        const text = `${lines.join("\n")}\n`;
        const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
        const tracker = new RepeatTracker();
        let repeated = 0;
        let count = 0;
        for (let index = 1; index < places.length; index += 1) {
          const piece = text.slice(places[index - 1], places[index]);
          const ends = piece.split("\n").length - 1;
          const { share } = tracker.advance(piece) ?? { share: 0 };
          repeated += Math.round(share * ends);
          count += ends;
        }
        expect(count).toBe(lines.length);
        expect(repeated).toBe(lines.length - new Set(lines).size);
      }),
    );
  });
});
