import fc from "fast-check";
import { expect, test } from "vitest";
import { type FireFact, sheet } from "../../../src/attendance/index.ts";
import { fireKey, HOUR, MINUTE, type Run } from "../../../src/model/index.ts";
import { fires } from "../../../src/schedule/index.ts";
import { cron } from "../../support/jobs.ts";
import { deployed, run } from "./facts.ts";

const FROM = Date.UTC(2026, 9, 31, 12);
const TO = FROM + 36 * HOUR;

/** What the engine does with a fire, one thing each; `n` names the attempts of a started one. */
const fate = fc.oneof(
  fc.record({ outcome: fc.constant("started" as const), n: fc.integer({ min: 1, max: 3 }), good: fc.boolean() }),
  fc.record({
    outcome: fc.constantFrom("skipped" as const, "missed" as const),
    reason: fc.constantFrom("overlap", "daemonDown"),
  }),
);

const history = fc.record({
  expression: fc.constantFrom("*/20 * * * *", "7 * * * *", "30 1 * * *", "0 */3 * * *"),
  timezone: fc.constantFrom("America/Toronto", "UTC", "Australia/Lord_Howe"),
  fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
  known: fc.double({ min: 0, max: 1, noNaN: true }),
});

type Fate = typeof fate extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly records: FireFact[];
  readonly runs: Run[];
  readonly told: { started: number; skipped: number; missed: number };
}

/** Writes down one fire's fate as the engine does: consecutive fires that share one are a stretch. */
function write(world: World, base: FireFact, fate: Fate, mayJoin: boolean): void {
  const { records, runs, told } = world;
  told[fate.outcome] += 1;
  if (fate.outcome === "started") {
    records.push({ ...base, outcome: "started", run: `${base.firstFire}.1` });
    for (let attempt = 1; attempt <= fate.n; attempt++) {
      const status = attempt === fate.n && fate.good ? "succeeded" : "failed";
      const fired = { job: base.job, fire: base.firstFire, fireAt: base.from };
      runs.push(run(`${base.firstFire}.${attempt}`, { ...fired, attempt, status }));
    }
    return;
  }
  const last = records.at(-1);
  const joins = mayJoin && last?.job === base.job && last.outcome === fate.outcome && last.reason === fate.reason;
  if (last && joins) {
    records[records.length - 1] = { ...last, to: base.to, count: last.count + 1, lastFire: base.lastFire };
  } else records.push({ ...base, outcome: fate.outcome, reason: fate.reason });
}

test("a row for each expected fire, each key once; due = started + skipped + missed, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(history, { minLength: 1, maxLength: 4 }), (histories) => {
      const world: World = { records: [], runs: [], told: { started: 0, skipped: 0, missed: 0 } };
      let due = 0;
      const deployments = histories.map(({ expression, timezone, fates, known }, i) => {
        const deployment = deployed(`job${i}`, { schedule: cron(expression, { timezone }) });
        const all = fires(deployment.desired.job.schedule, undefined, FROM, TO);
        due += all.length;
        for (const [j, { at, local, ordinal }] of all.slice(0, Math.floor(all.length * known)).entries()) {
          const key = fireKey(`job${i}`, local, ordinal);
          const base = {
            job: `job${i}`,
            outcome: "missed",
            from: at,
            to: at,
            count: 1,
            firstFire: key,
            lastFire: key,
          } as const;
          write(world, base, fates[j % fates.length] as Fate, j % fates.length > 0);
        }
        return deployment;
      });
      const { rows, counts, unexpected } = sheet({
        from: FROM,
        to: TO,
        now: TO + HOUR,
        deployments,
        records: world.records,
        runs: world.runs.toReversed(),
        excuses: [],
      });
      const { started, skipped, missed } = world.told;
      expect(rows).toHaveLength(due);
      expect(new Set(rows.map(({ fire }) => fire)).size).toBe(rows.length);
      expect(unexpected).toEqual([]);
      const silent = rows.filter(({ reason }) => reason?.startsWith("nothing is recorded")).length;
      expect(counts.ran + counts.failed).toBe(started);
      expect(started + skipped + missed + silent).toBe(counts.expected);
      const { expected, ...states } = counts;
      expect(Object.values(states).reduce((sum, n) => sum + n, 0)).toBe(expected);
      expect(rows.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(world.runs.length);
    }),
    { numRuns: 100 },
  );
});

test("two halves of a time have the rows of the whole", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 36 * 60 }), fc.integer({ min: -60, max: 40 * 60 }), (cut, later) => {
      const deployments = [
        deployed("a", { schedule: cron("*/30 * * * *", { timezone: "America/Toronto" }) }),
        deployed("b"),
      ];
      const on = (from: number, to: number) =>
        sheet({ from, to, now: FROM + later * MINUTE, deployments, records: [], runs: [], excuses: [] }).rows;
      const middle = FROM + cut * MINUTE;
      expect([...on(FROM, middle), ...on(middle, TO)]).toEqual(on(FROM, TO));
    }),
    { numRuns: 50 },
  );
});
