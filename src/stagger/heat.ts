import { DAY_MINUTES } from "./shape.ts";

/** One cell of a week's map: a half hour of a day, as the share (0–1) of the scale's top. */
export interface HeatMap {
  /** Seven rows from Monday, each of 48 half hours, in UTC: the highest load in that half hour. */
  readonly days: readonly (readonly number[])[];
  /** What 1 stands for, in the pool's unit. */
  readonly top: number;
}

const CELL_MINUTES = 30;
const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const PLAIN = [" ", ".", ":", "-", "=", "+", "*", "#", "@"] as const;

/** The map of a week of minutes. `top` is what the fullest colour stands for: give two maps the same one to compare them. */
export function heatMap(week: ArrayLike<number>, top: number): HeatMap {
  const days = DAY_NAMES.map((_, day) =>
    Array.from({ length: DAY_MINUTES / CELL_MINUTES }, (__, cell) => {
      let high = 0;
      const from = day * DAY_MINUTES + cell * CELL_MINUTES;
      for (let m = from; m < from + CELL_MINUTES; m++) high = Math.max(high, week[m] ?? 0);
      return top > 0 ? high / top : 0;
    }),
  );
  return { days, top };
}

export interface HeatTextOptions {
  /** Only characters of ASCII. */
  readonly ascii?: boolean;
  /** Colours one cell, given how full it is (0–1); the caller knows what its terminal can do. */
  readonly paint?: (text: string, share: number) => string;
}

/** The map as lines for a terminal, 54 columns wide: hours above, one row a day, the scale below. */
export function heatText(map: HeatMap, title: string, options: HeatTextOptions = {}): string[] {
  const marks = options.ascii ? PLAIN : BLOCKS;
  const paint = options.paint ?? ((text) => text);
  const hours = Array.from({ length: 8 }, (_, k) =>
    String(k * 3)
      .padStart(2, "0")
      .padEnd(6),
  ).join("");
  const rows = map.days.map((cells, day) => {
    const text = cells.map((share) => paint(marks[level(share)] ?? " ", Math.min(1, share))).join("");
    return `${DAY_NAMES[day]} ${options.ascii ? "|" : "│"}${text}${options.ascii ? "|" : "│"}`;
  });
  const scale = marks
    .slice(1)
    .map((mark, k) => paint(mark, (k + 1) / 8))
    .join("");
  return [title, `     ${hours.trimEnd()}  UTC`, ...rows, `     0 ${scale} ${format(map.top)}`];
}

/** Nothing is blank, and what is not nothing is never blank. */
function level(share: number): number {
  return share <= 0 ? 0 : Math.max(1, Math.min(8, Math.round(share * 8)));
}

/** A load for people: at most two decimals. */
export function format(load: number): string {
  return String(Math.round(load * 100) / 100);
}

/** The pool as a heading: jobs that name none share one for each placement. */
export function poolTitle(pool: string): string {
  return pool.startsWith("@") ? `${pool.slice(1)}, jobs with no pool` : pool;
}
