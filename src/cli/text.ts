import { type Instant, type Money, nanos, type RunStatus, rounded } from "../model/index.ts";
import type { Terminal } from "./terminal.ts";
import { CommandError } from "./world.ts";

/** For a person: rounded half to even; small amounts keep enough digits to be seen. */
export function amountText(money: Money): string {
  const value = nanos(money.amount);
  const digits = value !== 0n && value < 100_000_000n && value > -100_000_000n ? 6 : 2;
  return `${rounded(value, digits)} ${money.currency}`;
}

const MARKS: Readonly<Record<RunStatus, readonly [string, "green" | "red" | "yellow" | "dim" | "cyan"]>> = {
  queued: ["…", "dim"],
  starting: ["…", "cyan"],
  running: ["…", "cyan"],
  succeeded: ["✓", "green"],
  failed: ["!", "red"],
  killed: ["⊘", "yellow"],
  lost: ["?", "red"],
  skipped: ["–", "dim"],
};

export function statusText(status: RunStatus, terminal: Terminal): string {
  const [mark, colour] = MARKS[status];
  return terminal.paint(`${mark} ${status}`, colour);
}

/** `1 job`, `4 jobs` */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** An RFC 3339 instant, or a date, whose first instant in UTC is meant. */
export function parseInstantOrDate(text: string): Instant | undefined {
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  try {
    return Temporal.Instant.from(full).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** `2h` and `7d` ago, a date, or an instant. */
export async function parseSince(text: string, now: Instant): Promise<Instant> {
  const at = parseInstantOrDate(text);
  if (at !== undefined) return at;
  const { parseDuration } = await import("../manifest/index.ts");
  const duration = parseDuration(text);
  if (duration.ok) return now - duration.value * 1000;
  throw new CommandError(`"${text}" is no time`, "write 2h, 7d, 2026-11-23 or an RFC 3339 instant");
}
