import { evaluate } from "./expressions.ts";
import { ianaOf, offsetAt } from "./windows.ts";
import type { Trigger } from "./workflow-rules.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** What Logic Apps might do with a time that the clocks leave out or show twice: the documentation does not settle it. */
export type Whim = "literal" | "lenient";

/**
 * The instants in [from, to) at which a Recurrence trigger starts a run, worked out from the definition's own text: hours,
 * minutes and days in the zone, and its conditions evaluated as expressions, so many seconds after its time. `literal`:
 * at each minute whose clock shows the time, so never in a gap and twice in a repeated hour. `lenient`: once, after the
 * gap, and in the second pass.
 */
export function startsOf(
  trigger: Trigger,
  from: number,
  to: number,
  { whim, lateMs = 0 }: { readonly whim: Whim; readonly lateMs?: number },
): number[] {
  const { frequency, timeZone = "", schedule = {} } = trigger.recurrence ?? {};
  const { hours = [], minutes = [], weekDays, monthDays } = schedule;
  const zone = ianaOf(timeZone);
  const found: number[] = [];
  for (let civilDay = Math.floor(from / DAY) * DAY - DAY; civilDay < to + DAY; civilDay += DAY) {
    const date = new Date(civilDay);
    if (frequency === "Week" && !weekDays?.includes(WEEKDAYS[date.getUTCDay()] ?? "")) continue;
    if (frequency === "Month" && !monthDays?.includes(date.getUTCDate())) continue;
    for (const hour of hours)
      for (const minute of minutes) {
        const at = instantsAt(civilDay + hour * HOUR + minute * MINUTE, zone, whim);
        found.push(...at.filter((each) => each >= from && each < to && holds(trigger, each + lateMs)));
      }
  }
  return found.sort((a, b) => a - b);
}

function holds({ conditions = [] }: Trigger, now: number): boolean {
  return conditions.every(({ expression = "" }) => evaluate(expression.slice(1), { now }) === true);
}

/** When clocks in a zone show a time, by their offsets on the day before and after. */
function instantsAt(civil: number, zone: string, whim: Whim): readonly number[] {
  const [before = 0, after = 0] = [civil - DAY, civil + DAY].map((at) => offsetAt(at, zone));
  const shown = [...new Set([before, after])]
    .map((offset) => civil - offset)
    .filter((at) => at + offsetAt(at, zone) === civil);
  const sorted = shown.sort((a, b) => a - b);
  if (whim === "literal") return sorted;
  return sorted.length === 0 ? [civil - before] : sorted.slice(-1);
}
