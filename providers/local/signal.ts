import { constants } from "node:os";

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    .filter(([name]) => name !== "SIGIOT" && name !== "SIGPOLL")
    .map(([name, number]) => [number, name]),
);

/** `SIGKILL` for 9; undefined for a number that is no signal of this machine. */
export function signalName(number: number): string | undefined {
  return NAMES.get(number);
}

/** Sends it; false when the process is gone or somebody else's. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
