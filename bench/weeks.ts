import type { FlexibleSchedule, Job, Schedule, ScheduleRules, Weekday, Window } from "../src/model/index.ts";
import { SeededRandom } from "../test/support/random.ts";

/** What kind of week: a mix of everything, mostly nights, or few large jobs among many small ones. */
export type WeekKind = "mixed" | "nightly" | "heavy";

const ZONES = ["UTC", "America/Toronto", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney"];
const LOADS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
const EVERY_DAY: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7];
const WORKDAYS: readonly Weekday[] = [1, 2, 3, 4, 5];
/** In quarters of the load's unit: 64. */
const LARGEST_STRIP = 256;
const RULES: Omit<ScheduleRules, "timezone"> = {
  dst: { gap: "shift", overlap: "first" },
  onHoliday: "skip",
  catchUp: { policy: "last", cap: 10 },
  overlap: "skip",
  after: [],
};

/** A generated week: heavy-tailed durations and loads, six zones, windows from 15 minutes to the whole week, 3% pinned. */
export function makeWeek(kind: WeekKind, count: number, seed = 1): Job[] {
  const random = new SeededRandom(seed).fork(kind);
  return Array.from({ length: count }, (_, k) => makeJob(`job-${String(k).padStart(6, "0")}`, kind, random));
}

/** At the same distance from UTC, or nearly, zones that never change their clocks. */
const STEADY: Readonly<Record<string, string>> = {
  UTC: "UTC",
  "America/Toronto": "America/Bogota",
  "America/Los_Angeles": "America/Phoenix",
  "Europe/Berlin": "Africa/Lagos",
  "Asia/Tokyo": "Asia/Tokyo",
  "Australia/Sydney": "Asia/Vladivostok",
};

/** The same week where no clock changes: one half of the year to level, and not two at once. */
export function withSteadyClocks(jobs: readonly Job[]): Job[] {
  return jobs.map((job) => {
    const timezone = STEADY[job.schedule.timezone] ?? "UTC";
    return { ...job, schedule: { ...job.schedule, timezone } };
  });
}

/** One more job of the same kind of week, for edits. */
export function makeJob(name: string, kind: WeekKind, random: SeededRandom): Job {
  const schedule = makeSchedule(kind, random);
  const durationMinutes = Math.min(720, Math.max(1, Math.round(lognormal(random, kind === "heavy" ? 40 : 25, 1.2))));
  // What runs every few minutes or hours is a check or a small load, not the nightly batch.
  if (schedule.kind === "interval") {
    const minutes = Math.max(1, Math.min(durationMinutes, Math.round(schedule.everyMinutes / 5)));
    return job(name, schedule, minutes, random.pick([0.25, 0.25, 0.5, 1, 2]));
  }
  return job(name, schedule, durationMinutes, makeLoad(kind, random));
}

/**
 * A week whose least peak is known: it is cut, wall to wall, into rectangles, and each becomes a weekly job with a
 * window about its place. No peak can be below `capacity`, and one of just that exists.
 */
export function makeTiledWeek(count: number, capacity: number, seed = 1): { jobs: Job[]; peak: number } {
  const random = new SeededRandom(seed).fork("tiled");
  // Strips of the largest load that the other weeks have, so that no job fills the pool alone.
  const strips = Math.ceil(capacity / LARGEST_STRIP);
  const pieces: Piece[] = Array.from({ length: strips }, (_, k) => ({
    from: 0,
    to: 10_080,
    low: k * LARGEST_STRIP,
    high: Math.min(capacity, (k + 1) * LARGEST_STRIP),
  }));
  const queue = [...pieces];
  while (pieces.length < count) {
    // The largest of a few: pieces shrink together, and some stay large.
    const index = Array.from({ length: 4 }, () => random.below(queue.length)).reduce((a, b) =>
      area(queue[a]) >= area(queue[b]) ? a : b,
    );
    const piece = queue[index];
    if (!piece) break;
    const other = split(piece, random);
    if (other) {
      queue.push(other);
      pieces.push(other);
    } else queue.splice(index, 1);
  }
  const jobs = pieces.map((piece, k) => {
    const spare = random.chance(0.3) ? 10_080 : Math.round(lognormal(random, 240, 1));
    const length = Math.min(1440, piece.to - piece.from + spare);
    const start = Math.max(0, piece.from - random.below(Math.max(1, Math.min(length, piece.from + 1))));
    const within = spare === 10_080 ? [] : around(start, Math.max(piece.from - start + 1, Math.min(length, 1440)));
    const schedule = flexible(random, { within, timezone: "UTC" });
    return job(`tile-${String(k).padStart(6, "0")}`, schedule, piece.to - piece.from, (piece.high - piece.low) / 4);
  });
  return { jobs, peak: capacity / 4 };
}

interface Piece {
  from: number;
  to: number;
  low: number;
  high: number;
}

function area(piece: Piece | undefined): number {
  return piece ? (piece.to - piece.from) * (piece.high - piece.low) : 0;
}

/** Cuts a piece in two where chance says, in time when it is long, else in load. */
function split(piece: Piece, random: SeededRandom): Piece | undefined {
  const minutes = piece.to - piece.from;
  const load = piece.high - piece.low;
  if (minutes > 1 && (minutes > 720 || load < 2 || random.chance(0.5))) {
    const at = piece.from + 1 + random.below(minutes - 1);
    const other = { ...piece, from: at };
    piece.to = at;
    return other;
  }
  if (load < 2) return undefined;
  const at = piece.low + 1 + random.below(load - 1);
  const other = { ...piece, low: at };
  piece.high = at;
  return other;
}

function around(start: number, length: number): Window[] {
  const day = (Math.floor(start / 1440) % 7) + 1;
  return [{ days: [day as Weekday], startMinute: start % 1440, lengthMinutes: length }];
}

function makeSchedule(kind: WeekKind, random: SeededRandom): Schedule {
  const timezone = random.pick(ZONES);
  const at = random.next();
  if (at < 0.03) return { ...RULES, timezone, kind: "cron", expression: popularCron(random) };
  if (kind === "nightly" && random.chance(0.7)) {
    const within = random.chance(0.8) ? [span(EVERY_DAY, 22 * 60, 7 * 60)] : [makeWindow(random)];
    return flexible(random, { period: "day", within, timezone });
  }
  if (at < 0.11) {
    return { ...RULES, timezone, kind: "interval", everyMinutes: random.pick([15, 30, 60, 120, 240, 360]), within: [] };
  }
  if (at < 0.46) return flexible(random, { period: "day", within: makeWindows(random), timezone });
  if (at < 0.86) return flexible(random, { within: makeWindows(random), timezone });
  if (at < 0.92) {
    return flexible(random, {
      times: 2 + random.below(3),
      apartMinutes: 720,
      within: [span(EVERY_DAY, 6 * 60, 14 * 60)],
      timezone,
    });
  }
  if (at < 0.96) return flexible(random, { weeks: random.pick([2, 2, 4]), within: makeWindows(random), timezone });
  return flexible(random, { period: "month", within: [span(EVERY_DAY, random.pick([0, 60, 360]), 360)], timezone });
}

function makeWindows(random: SeededRandom): Window[] {
  return random.chance(0.15) ? [] : [makeWindow(random)];
}

/** The windows people write: office hours, mornings, nights, and now and then a narrow one. */
function makeWindow(random: SeededRandom): Window {
  const days = random.chance(0.5) ? WORKDAYS : EVERY_DAY;
  const at = random.next();
  if (at < 0.3) return span(days, 22 * 60, 7 * 60);
  if (at < 0.45) return span(days, 6 * 60, 6 * 60);
  if (at < 0.65) return span(days, 9 * 60, 8 * 60);
  if (at < 0.9) return span(days, random.below(24) * 60, random.pick([2, 3, 4, 6, 8, 12]) * 60);
  return span(days, random.below(24) * 60, random.pick([15, 30, 60]));
}

function popularCron(random: SeededRandom): string {
  const hour = random.pick([0, 0, 1, 2, 2, 3, 6, 6, 8, 9]);
  return `${random.pick([0, 0, 0, 15, 30])} ${hour} * * ${random.pick(["*", "*", "1-5", "1"])}`;
}

function makeLoad(kind: WeekKind, random: SeededRandom): number {
  const tail = kind === "heavy" ? 0.6 : 0.9;
  const weights = LOADS.map((load) => load ** -tail);
  let left = random.next() * weights.reduce((a, b) => a + b, 0);
  for (const [k, weight] of weights.entries()) {
    left -= weight;
    if (left <= 0) return LOADS[k] ?? 1;
  }
  return 1;
}

/** A lognormal number with this median. */
export function lognormal(random: SeededRandom, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp(sigma * normal);
}

function span(days: readonly Weekday[], startMinute: number, lengthMinutes: number): Window {
  return { days, startMinute, lengthMinutes };
}

function flexible(random: SeededRandom, part: Partial<FlexibleSchedule>): FlexibleSchedule {
  const timezone = part.timezone ?? random.pick(ZONES);
  return {
    ...RULES,
    kind: "flexible",
    period: "week",
    weeks: 1,
    times: 1,
    apartMinutes: 0,
    within: [],
    ...part,
    timezone,
  };
}

function job(name: string, schedule: Schedule, durationMinutes: number, load: number): Job {
  return {
    name,
    namespace: "bench",
    environment: "prod",
    placement: "local",
    labels: {},
    workload: { kind: "process", command: ["true"], shell: false, cpu: load, memoryBytes: 0, env: {}, secrets: {} },
    schedule,
    guard: { mode: "enforce", onBreach: "stop", protect: false, graceSeconds: 30, idleCpu: 0.02, costWarn: 0.8 },
    retry: { attempts: 1, backoffSeconds: 1, maxBackoffSeconds: 1 },
    expect: { durationSeconds: durationMinutes * 60 },
    load,
    options: {},
  };
}
