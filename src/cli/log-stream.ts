import { terminalOf } from "./terminal.ts";
import type { Shell } from "./world.ts";

const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};
const OURS: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname", "msg"]);

/** Where the daemon's log goes: JSON lines for a collector, and one quiet line each for a person at a terminal. */
export function logStream(shell: Shell): { write(line: string): void } {
  if (shell.stderr.isTTY !== true) return { write: (line) => void shell.stderr.write(line) };
  const terminal = terminalOf(shell);
  return {
    write: (line) => {
      const { level, msg, ...rest } = JSON.parse(line) as { level: number; msg?: string };
      const fields = Object.entries(rest).filter(([key]) => !OURS.has(key));
      const about = fields.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(" ");
      const text = `${LEVELS[level] ?? level}: ${msg ?? ""} ${about}`.trimEnd();
      terminal.note(terminal.paintNote(text, "dim"));
    },
  };
}
