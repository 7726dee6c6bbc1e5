import type { Entry, EventOf, EventType, LedgerEvent } from "../model/index.ts";
import type { RunEvidence } from "./explanation.ts";

/** The newest event that fits, among the run's own entries and those around it. */
export function newest(
  { entries, around = [] }: RunEvidence,
  fits: (event: LedgerEvent) => boolean,
): LedgerEvent | undefined {
  let found: Entry | undefined;
  for (const entry of [...entries, ...around]) {
    if (fits(entry.event) && (!found || entry.seq > found.seq)) found = entry;
  }
  return found?.event;
}

/** The newest event of a type. */
export function lastOf<T extends EventType>(
  evidence: RunEvidence,
  type: T,
  fits: (event: EventOf<T>) => boolean = () => true,
): EventOf<T> | undefined {
  const found = newest(evidence, (event) => event.type === type && fits(event as EventOf<T>));
  return found as EventOf<T> | undefined;
}

/** Why it ended, in the record's words. */
export function said(evidence: RunEvidence): string | undefined {
  const reasons = [lastOf(evidence, "run.ended")?.reason, evidence.run.reason];
  return reasons.find((reason) => reason !== undefined && reason !== "");
}
