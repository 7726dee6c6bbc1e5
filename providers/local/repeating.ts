import { createHash } from "node:crypto";

/** Distinct lines that are remembered of a run. */
const REMEMBERED = 4096;
/** Output without line ends is looked at in pieces of this size. */
const LINE_BYTES = 4096;

/** `2026-11-23T06:00:00.123+01:00`, `23/Nov/2026:06:00:00`, `Nov 23 06:00:00`, `06:00:00,123`. */
const TIMESTAMPS = [
  /\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T ]\d\d?:\d\d(?::\d\d)?(?:[.,]\d+)?)?(?:Z|[ ]?[+-]\d\d:?\d\d)?/g,
  /\d\d?[/ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[/ -]\d{4}/g,
  /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)?[a-z]*,? ?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* {1,2}\d\d?(?= |$)/g,
  /:?\d\d?:\d\d:\d\d(?:[.,]\d+)?/g,
] as const;

/** The line without what a clock put into it. Every other digit counts: `step 1` and `step 2` are two lines. */
export function withoutTimestamps(line: string): string {
  return TIMESTAMPS.reduce((text, pattern) => text.replaceAll(pattern, ""), line).trim();
}

/** Tells output that goes on from output that says the same again. */
export class RepeatTracker {
  /** By a hash of the line; in the order in which they were last seen. */
  readonly #seen = new Map<string, true>();
  #rest = "";

  /** Takes new output; answers the share of its lines that were seen before, undefined when it holds no whole line. */
  advance(text: string): { readonly share: number; readonly line?: string } | undefined {
    const lines = this.#split(text);
    let all = 0;
    let repeated = 0;
    const counts = new Map<string, number>();
    for (const raw of lines) {
      const line = withoutTimestamps(raw);
      if (line === "") continue;
      all += 1;
      if (!this.#see(line)) continue;
      repeated += 1;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    if (all === 0) return undefined;
    const most = [...counts].reduce<[string, number] | undefined>((a, b) => (a && a[1] >= b[1] ? a : b), undefined);
    return { share: repeated / all, ...(most ? { line: most[0].slice(0, LINE_BYTES) } : {}) };
  }

  #split(text: string): readonly string[] {
    const pieces = (this.#rest + text).split(/\r\n|\n|\r/);
    const last = pieces.pop() ?? "";
    const whole = Math.floor(last.length / LINE_BYTES) * LINE_BYTES;
    for (let start = 0; start < whole; start += LINE_BYTES) pieces.push(last.slice(start, start + LINE_BYTES));
    this.#rest = last.slice(whole);
    return pieces;
  }

  #see(line: string): boolean {
    const key = line.length <= 64 ? line : createHash("sha256").update(line).digest("base64");
    const seen = this.#seen.delete(key);
    this.#seen.set(key, true);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
    return seen;
  }
}
