import fc from "fast-check";
import { expect, test } from "vitest";
import { DAY, type DstRule, type Schedule, type Slot } from "../../../src/model/index.ts";
import { countFires, due, fires, nextFire } from "../../../src/schedule/index.ts";
import { clockFace, type SlowRules, slowFires } from "../../support/slowFires.ts";
import { cron, rules } from "./rules.ts";

/** Zones with a change of every kind, and dates near one (or none, for the zones without). */
const CHANGES: readonly (readonly [zone: string, ...dates: string[]])[] = [
  ["America/Toronto", "2026-03-08", "2026-11-01"],
  ["America/New_York", "2027-03-14", "2027-11-07"],
  ["America/St_Johns", "2026-03-08", "2006-10-29"],
  ["America/Sao_Paulo", "2018-11-04", "2018-02-18"],
  ["America/Santiago", "2026-09-06", "2026-04-05"],
  ["America/Asuncion", "2023-10-01", "2023-03-26"],
  ["America/Havana", "2026-03-08", "2026-11-01"],
  ["America/Nuuk", "2026-03-28", "2026-10-24"],
  ["America/Caracas", "2016-05-01", "2007-12-09"],
  ["Antarctica/Troll", "2026-03-29", "2026-10-25"],
  ["Antarctica/Casey", "2023-03-09", "2020-10-04"],
  ["Africa/Cairo", "2026-04-24", "2026-10-29"],
  ["Africa/Casablanca", "2026-02-15", "2026-03-22"],
  ["Africa/El_Aaiun", "2027-02-07", "2027-03-14"],
  ["Asia/Beirut", "2026-03-29", "2026-10-25"],
  ["Asia/Gaza", "2026-03-28", "2026-10-24"],
  ["Asia/Jerusalem", "2026-03-27", "2026-10-25"],
  ["Asia/Tehran", "2022-03-22", "2022-09-22"],
  ["Asia/Kolkata", "2026-06-01"],
  ["Asia/Kathmandu", "1986-01-01"],
  ["Asia/Pyongyang", "2018-05-05", "2015-08-15"],
  ["Asia/Tokyo", "2026-01-01"],
  ["Atlantic/Azores", "2026-03-29", "2026-10-25"],
  ["Australia/Lord_Howe", "2026-10-04", "2026-04-05"],
  ["Australia/Sydney", "2026-10-04", "2026-04-05"],
  ["Europe/Dublin", "2026-03-29", "2026-10-25"],
  ["Europe/Istanbul", "2016-03-27", "2015-11-08"],
  ["Europe/London", "2026-03-29", "2026-10-25"],
  ["Pacific/Apia", "2011-12-30", "2012-04-01"],
  ["Pacific/Chatham", "2026-09-27", "2026-04-05"],
  ["Pacific/Kwajalein", "1993-08-21"],
  ["UTC", "2026-02-28"],
];

interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

/** A cron field as text, and the values it means, made side by side. */
function field(min: number, max: number): fc.Arbitrary<Field> {
  const every = (from: number, to: number, step: number): number[] => {
    const values: number[] = [];
    for (let value = from; value <= to; value += step) values.push(value);
    return values;
  };
  const number = fc.integer({ min, max });
  const item = fc.oneof(
    number.map((value) => ({ text: `${value}`, values: [value] })),
    fc.tuple(number, number).map(([a, b]) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      return { text: `${low}-${high}`, values: every(low, high, 1) };
    }),
    fc.tuple(number, number, fc.integer({ min: 1, max: max - min })).map(([a, b, step]) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      return { text: `${low}-${high}/${step}`, values: every(low, high, step) };
    }),
  );
  const list = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => ({
    text: items.map(({ text }) => text).join(","),
    values: new Set(items.flatMap(({ values }) => values)),
  }));
  const star = fc.constant({ text: "*", values: new Set(every(min, max, 1)) });
  const step = fc
    .integer({ min: 1, max: max - min })
    .map((by) => ({ text: `*/${by}`, values: new Set(every(min, max, by)) }));
  return fc.oneof({ weight: 3, arbitrary: star }, step, { weight: 2, arbitrary: list });
}

const dst: fc.Arbitrary<DstRule> = fc.record({
  gap: fc.constantFrom("shift", "skip"),
  overlap: fc.constantFrom("first", "second", "both"),
});

interface Case {
  readonly schedule: (timezone: string) => Schedule;
  readonly slot: Slot | undefined;
  readonly slow: SlowRules;
}

const EVERY_MONTH: Field = { text: "*", values: new Set(Array.from({ length: 12 }, (_, i) => i + 1)) };

const cronCase: fc.Arbitrary<Case> = fc
  .record({
    minute: field(0, 59),
    hour: field(0, 23),
    day: field(1, 31),
    month: fc.oneof({ weight: 4, arbitrary: fc.constant(EVERY_MONTH) }, field(1, 12)),
    weekday: field(0, 7),
    dst,
  })
  .filter(({ day, month, weekday }) => {
    // 31 February and its like are refused when the expression is read.
    const either = !day.text.startsWith("*") && !weekday.text.startsWith("*");
    return (
      either || [...month.values].some((m) => Math.min(...day.values) <= new Date(Date.UTC(2024, m, 0)).getUTCDate())
    );
  })
  .map(({ minute, hour, day, month, weekday, dst }) => {
    const either = !day.text.startsWith("*") && !weekday.text.startsWith("*");
    return {
      schedule: (timezone) =>
        cron(
          [minute, hour, day]
            .map((f) => f.text)
            .concat(month.text, weekday.text)
            .join(" "),
          timezone,
          { dst },
        ),
      slot: undefined,
      slow: {
        ...dst,
        countsTime: hour.text.startsWith("*"),
        names(local) {
          if (!minute.values.has(local.minute) || !hour.values.has(local.hour)) return false;
          if (!month.values.has(local.month)) return false;
          const inWeek = weekday.values.has(local.weekday) || (local.weekday === 7 && weekday.values.has(0));
          const inMonth = day.values.has(local.day);
          return either ? inWeek || inMonth : inWeek && inMonth;
        },
      },
    };
  });

const intervalCase: fc.Arbitrary<Case> = fc
  .record({
    everyMinutes: fc.constantFrom(5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720),
    phase: fc.nat(719),
    windowed: fc.boolean(),
    startMinute: fc.nat(1439),
    lengthMinutes: fc.integer({ min: 1, max: 1440 }),
    dst,
  })
  .map(({ everyMinutes, phase, windowed, startMinute, lengthMinutes, dst }) => {
    const offsetMinutes = phase % everyMinutes;
    const within = windowed ? [{ days: [1, 3, 6, 7] as const, startMinute, lengthMinutes }] : [];
    return {
      schedule: (timezone) => ({ kind: "interval", everyMinutes, within, ...rules(timezone, { dst }) }),
      slot: { kind: "phase", offsetMinutes },
      slow: {
        ...dst,
        countsTime: true,
        names(local) {
          const minute = local.hour * 60 + local.minute;
          if (minute % everyMinutes !== offsetMinutes) return false;
          if (!windowed) return true;
          const open = (weekday: number, at: number): boolean =>
            [1, 3, 6, 7].includes(weekday) && at >= startMinute && at < startMinute + lengthMinutes;
          return open(local.weekday, minute) || open(local.weekday === 1 ? 7 : local.weekday - 1, minute + 1440);
        },
      },
    };
  });

const anyCase = fc.oneof({ weight: 3, arbitrary: cronCase }, intervalCase);

function text(list: readonly { readonly at: number; readonly local: string; readonly ordinal: number }[]): string {
  return list.map(({ at, local, ordinal }) => `${at} ${local} ${ordinal}`).join("\n");
}

test.each(CHANGES.flatMap(([zone, ...dates]) => dates.map((date) => [zone, date] as const)))(
  "fires around the change of %s on %s are those of a walk minute by minute",
  (zone, date) => {
    const from = Temporal.PlainDate.from(date).toZonedDateTime("UTC").epochMilliseconds - DAY;
    const to = from + 3 * DAY;
    const face = clockFace(zone, from, to);
    fc.assert(
      fc.property(anyCase, fc.nat(3 * 1440 - 1), ({ schedule, slot, slow }, cut) => {
        const told = schedule(zone);
        const mine = fires(told, slot, from, to);
        expect(text(mine)).toBe(text(slowFires(face, slow, from, to)));
        const middle = from + cut * 60_000;
        expect(text([...fires(told, slot, from, middle), ...fires(told, slot, middle, to)])).toBe(text(mine));
        expect(new Set(mine.map(({ local, ordinal }) => `${local}/${ordinal}`)).size).toBe(mine.length);
        expect(countFires(told, slot, from, middle) + countFires(told, slot, middle, to)).toBe(mine.length);
        const counted = due(told, slot, from - 1, to - 1, 4);
        expect(counted.fires).toEqual(mine.slice(-4));
        expect(counted.leftOut?.count ?? 0).toBe(Math.max(0, mine.length - 4));
        expect(nextFire(told, slot, middle)).toEqual(
          mine.find(({ at }) => at > middle) ?? nextFire(told, slot, to - 1),
        );
      }),
      { numRuns: 8 },
    );
  },
);

test("over 400 days, fires are those of a walk minute by minute", { timeout: 60_000 }, () => {
  const zone = "Australia/Lord_Howe";
  const from = Date.UTC(2026, 0, 1);
  const to = from + 400 * DAY;
  const face = clockFace(zone, from, to);
  fc.assert(
    fc.property(anyCase, ({ schedule, slot, slow }) => {
      const mine = fires(schedule(zone), slot, from, to);
      expect(text(mine)).toBe(text(slowFires(face, slow, from, to)));
    }),
    { numRuns: 2 },
  );
});
