import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignSlots, withSlots } from "../../../src/stagger/index.ts";
import { DAILY, flexible, makeJob, RULES, window } from "./support/jobs.ts";

const one = (job: ReturnType<typeof makeJob>) => {
  const { slots, unplaceable } = assignSlots([job], undefined);
  const slot = slots.get(job.name);
  return {
    starts: slot?.kind === "starts" ? slot.starts : [],
    offset: slot?.kind === "phase" ? slot.offsetMinutes : undefined,
    unplaceable,
  };
};
const names = fc.stringMatching(/^[a-z]{1,10}$/);

describe("assignSlots without a lock", () => {
  it("puts a weekly job inside its window, over midnight and the week's end too", () => {
    fc.assert(
      fc.property(names, (name) => {
        const [start] = one(makeJob(name, flexible({ within: [window([7], "22:00", "05:00")] }))).starts;
        const sunday = start?.weekday === 7 && start.minute >= 22 * 60;
        const monday = start?.weekday === 1 && start.minute < 5 * 60;
        expect(sunday || monday).toBe(true);
      }),
    );
  });

  it("ends before the deadline of the week", () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 300 }), (name, minutes) => {
        const by = { weekday: 3 as const, minute: 12 * 60 };
        const within = [window([1, 2, 3, 4, 5], "06:00", "12:00")];
        const [start] = one(makeJob(name, flexible({ within, by }), { minutes })).starts;
        expect(((start?.weekday ?? 9) - 1) * 1440 + (start?.minute ?? 0) + minutes).toBeLessThanOrEqual(2 * 1440 + 720);
      }),
    );
  });

  it("takes a deadline without a day as the first such time after the window opens", () => {
    const night = flexible({ period: "day", within: [window(DAILY, "22:00", "05:00")], by: { minute: 6 * 60 } });
    fc.assert(
      fc.property(names, (name) => {
        const [start] = one(makeJob(name, night, { minutes: 180 })).starts;
        const minute = start?.minute ?? 0;
        expect(minute >= 22 * 60 || minute <= 3 * 60).toBe(true);
      }),
    );
  });

  it("keeps several starts apart, also over the period's end", () => {
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 230 }),
        (name, times, apartMinutes) => {
          const { starts } = one(makeJob(name, flexible({ period: "day", times, apartMinutes })));
          const minutes = starts.map((s) => s.minute);
          expect(minutes).toHaveLength(times);
          for (const [k, minute] of minutes.entries()) {
            const next = minutes[k + 1] ?? (minutes[0] ?? 0) + 1440;
            expect(next - minute).toBeGreaterThanOrEqual(apartMinutes);
          }
        },
      ),
    );
  });

  it("chooses days 1 to 28 of a month, and the week of every N weeks", () => {
    fc.assert(
      fc.property(names, (name) => {
        const [month] = one(
          makeJob(name, flexible({ period: "month", within: [window(DAILY, "01:00", "03:00")] })),
        ).starts;
        expect(month?.day).toBeGreaterThanOrEqual(1);
        expect(month?.day).toBeLessThanOrEqual(28);
        expect(month?.minute).toBeGreaterThanOrEqual(60);
        expect(month?.minute).toBeLessThan(180);
        const [every3] = one(makeJob(name, flexible({ weeks: 3 }))).starts;
        expect([0, 1, 2]).toContain(every3?.week);
      }),
    );
  });

  it("picks a phase that meets every opening of the window", () => {
    fc.assert(
      fc.property(names, (name) => {
        const within = [window([1, 2], "09:00", "09:30")];
        const { offset } = one(makeJob(name, { ...RULES, kind: "interval", everyMinutes: 60, within }));
        expect(offset).toBeLessThan(30);
      }),
    );
  });

  it.each([
    ["a deadline that nothing can meet", flexible({ by: { weekday: 1, minute: 30 } }), "deadline"],
    [
      "daily windows with no time in common",
      flexible({ period: "day", within: [window([1], "06:00", "07:00"), window([2], "08:00", "09:00")] }),
      "no time of day",
    ],
    [
      "a month in weekday windows",
      flexible({ period: "month", within: [window([1, 2, 3, 4, 5], "09:00", "17:00")] }),
      "day of the month",
    ],
    [
      "too many starts",
      flexible({ times: 3, apartMinutes: 60, within: [window([1], "09:00", "10:00")] }),
      "do not fit",
    ],
  ])("says why there is no slot: %s", (_, schedule, reason) => {
    const { unplaceable } = one(makeJob("a", schedule, { minutes: 60 }));
    expect(unplaceable[0]?.reason).toContain(reason);
  });

  it("spreads names evenly over the allowed time", () => {
    const jobs = Array.from({ length: 7000 }, (_, k) => makeJob(`job-${k}`, flexible()));
    const perDay = new Map<number, number>();
    for (const slot of assignSlots(jobs, undefined).slots.values()) {
      const day = slot.kind === "starts" ? (slot.starts[0]?.weekday ?? 0) : 0;
      perDay.set(day, (perDay.get(day) ?? 0) + 1);
    }
    for (const count of perDay.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});

describe("assignSlots with a lock", () => {
  const locked = { kind: "starts", starts: [{ weekday: 2, minute: 100 }] } as const;

  it("keeps a slot that is still allowed", () => {
    const lock = withSlots(undefined, "prod", new Map([["a", locked]]));
    const { slots, stale } = assignSlots([makeJob("a", flexible())], lock);
    expect(slots.get("a")).toEqual(locked);
    expect(stale).toEqual([]);
  });

  it("names what the lock has wrong: not allowed, missing, superfluous; another environment is none of it", () => {
    const slots = new Map([
      ["a", locked],
      ["gone", locked],
    ] as const);
    const lock = withSlots(withSlots(undefined, "prod", slots), "dev", new Map([["only-dev", locked]]));
    const jobs = [makeJob("new", flexible()), makeJob("a", flexible({ within: [window([1], "00:00", "01:00")] }))];
    const result = assignSlots(jobs, lock);
    expect(result.stale).toEqual(["a", "gone", "new"]);
    expect(result.slots.get("a")).not.toEqual(locked);
  });
});
