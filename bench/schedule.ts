import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import { DAY, type Schedule, type Slot, WEEK } from "../src/model/index.ts";
import { due, fires, nextFire } from "../src/schedule/index.ts";

const ZONES = ["America/Toronto", "Europe/Berlin", "UTC", "Asia/Kolkata", "Australia/Sydney", "America/Sao_Paulo"];
const JOBS = 10_000;
const SAMPLE = 200;
/** A Monday, and the week in which Toronto's clocks go back. */
const FROM = Date.UTC(2026, 9, 26);
const TO = FROM + WEEK;

interface Job {
  readonly schedule: Schedule;
  readonly slot?: Slot;
  /** The same as cron, for the libraries. */
  readonly expression: string;
}

/** A mixture as teams have it: mostly nightly and weekly, some hourly, a few every five minutes. */
function jobs(): Job[] {
  return Array.from({ length: JOBS }, (_, i) => {
    const [minute, hour, weekday] = [(i * 7) % 60, (i * 5) % 24, i % 7];
    const rules = {
      timezone: ZONES[i % ZONES.length] ?? "UTC",
      dst: { gap: "shift", overlap: "first" },
      onHoliday: "skip",
      catchUp: { policy: "last", cap: 1 },
      overlap: "skip",
      after: [],
    } as const;
    const cron = (expression: string): Job => ({ expression, schedule: { kind: "cron", expression, ...rules } });
    switch (i % 50) {
      case 0:
        return cron("*/15 * * * *");
      case 1:
      case 2:
      case 3:
      case 4:
        return cron(`${minute} * * * *`);
      case 5:
        return cron(`${minute} ${hour} 1,15 * 1`);
      case 6:
        return cron(`${minute} ${hour} ${(i % 28) + 1} * *`);
      default:
        break;
    }
    if (i % 3 === 0) return cron(`${minute} ${hour} * * 1-5`);
    if (i % 3 === 1) return cron(`${minute} ${hour} * * ${weekday}`);
    return {
      expression: `${minute} ${hour} * * *`,
      slot: { kind: "starts", starts: [{ minute: hour * 60 + minute }] },
      schedule: { kind: "flexible", period: "day", weeks: 1, times: 1, apartMinutes: 0, within: [], ...rules },
    };
  });
}

export async function run(report: (name: string, value: string, note?: string) => void): Promise<void> {
  const all = jobs();
  const cold = time(() => total(all));
  const warm = time(() => total(all));
  report(
    "fires, a week of 10,000 jobs",
    `${warm.ms.toFixed(0)} ms`,
    `${warm.result} fires; first call ${cold.ms.toFixed(0)} ms`,
  );

  // 51 shares no factor with the 50 kinds of job, so the sample has each in its proportion.
  const sample = Array.from({ length: SAMPLE }, (_, i) => all[(i * 51) % JOBS]).filter((job) => job !== undefined);
  const ours = time(() => total(sample));
  const parser = time(() => sample.reduce((sum, job) => sum + withCronParser(job), 0));
  const croner = time(() => sample.reduce((sum, job) => sum + withCroner(job), 0));
  for (const [name, other] of [["cron-parser's iterator", parser] as const, ["croner", croner] as const]) {
    const whole = (other.ms * all.length) / sample.length;
    report(
      `fires, against ${name}`,
      `${(other.ms / ours.ms).toFixed(0)} × faster`,
      `${sample.length} jobs: ${ours.ms.toFixed(1)} ms and ${other.ms.toFixed(0)} ms (${ours.result} and ${other.result} fires); ` +
        `10,000 would take it ${(whole / 1000).toFixed(1)} s, extrapolated`,
    );
  }

  const armed = time(() => all.filter(({ schedule, slot }) => nextFire(schedule, slot, FROM)).length);
  report("nextFire, 10,000 jobs", `${armed.ms.toFixed(0)} ms`);

  const minutely = all[0]?.schedule;
  if (!minutely) return;
  const everyMinute: Schedule = { ...minutely, kind: "cron", expression: "* * * * *" };
  const year = time(() => due(everyMinute, undefined, FROM, FROM + 365 * DAY, 100));
  report(
    "due, a year of a job each minute",
    `${year.ms.toFixed(1)} ms`,
    `${(year.result.leftOut?.count ?? 0) + 100} fires, 100 kept`,
  );
  const leap: Schedule = { ...everyMinute, expression: "0 0 29 2 */7" };
  const next = time(() => nextFire(leap, undefined, Date.UTC(2072, 2, 1)));
  report("nextFire, 29 February on a Sunday", `${next.ms.toFixed(1)} ms`, next.result?.local);
}

function total(list: readonly Job[]): number {
  return list.reduce((sum, { schedule, slot }) => sum + fires(schedule, slot, FROM, TO).length, 0);
}

function withCronParser({ expression, schedule }: Job): number {
  const iterator = CronExpressionParser.parse(expression, { currentDate: new Date(FROM - 1), tz: schedule.timezone });
  let count = 0;
  while (iterator.next().getTime() < TO) count++;
  return count;
}

function withCroner({ expression, schedule }: Job): number {
  const cron = new Cron(expression, { timezone: schedule.timezone, paused: true });
  let count = 0;
  for (let next = cron.nextRun(new Date(FROM - 1)); next && next.getTime() < TO; next = cron.nextRun(next)) count++;
  return count;
}

function time<T>(action: () => T): { ms: number; result: T } {
  const start = performance.now();
  const result = action();
  return { ms: performance.now() - start, result };
}
