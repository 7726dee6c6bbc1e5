import { visible } from "../diagnostic/index.ts";
import type { Entry, Instant } from "../model/index.ts";
import type { Terminal } from "./terminal.ts";

/** One line a person reads while the daemon runs, or nothing for what does not concern them. */
export function eventLine(entry: Entry, terminal: Terminal, timezone: string): string | undefined {
  const { event } = entry;
  const time = terminal.paint(timeOfDay(entry.at, timezone), "dim");
  const line = (mark: string, text: string): string => `${time}  ${mark} ${text}`;
  switch (event.type) {
    case "run.started":
      return line("▶", `${event.run} started`);
    case "run.ended": {
      const mark = {
        succeeded: terminal.paint("✓", "green"),
        failed: terminal.paint("!", "red"),
        killed: terminal.paint("⊘", "yellow"),
        lost: terminal.paint("?", "red"),
        skipped: terminal.paint("–", "dim"),
      }[event.status];
      return line(mark, `${event.run} ${event.status}${event.reason === "" ? "" : `: ${visible(event.reason)}`}`);
    }
    case "run.judged":
      return line(
        terminal.paint("⚑", "yellow"),
        `${event.run}: ${event.breaches.map((b) => `${b.limit} ${b.observed} (limit ${b.declared})`).join("; ")} → ${event.action}`,
      );
    case "fire.missed":
    case "fire.skipped": {
      const span =
        event.count === 1 ? event.firstFire : `${event.count} fires from ${event.firstFire} to ${event.lastFire}`;
      return line(
        event.type === "fire.missed" ? terminal.paint("✗", "red") : terminal.paint("–", "dim"),
        `${span} ${event.type.slice(5)}: ${visible(event.detail)}`,
      );
    }
    case "job.deployed":
      return line("+", `${event.desired.job.name} deployed to ${event.placement}`);
    case "job.undeployed":
      return line("-", `${event.job} removed from ${event.placement}`);
    case "budget.warned":
    case "budget.reached":
      return line(
        terminal.paint("$", "yellow"),
        `budget ${event.budget}: ${event.spent.amount} of ${event.limit.amount} ${event.limit.currency} in ${event.period}`,
      );
    case "guard.held":
      return line(terminal.paint("⚑", "red"), `the guard is held: ${event.reason}`);
    default:
      return undefined;
  }
}

function timeOfDay(at: Instant, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainTime().toString().slice(0, 8);
}
