import type { Breach, LedgerEvent, Sample } from "../model/index.ts";

export type Redact = (text: string) => string;

/** Fields of events that hold what somebody wrote or printed. Everything else is a name, a number or a closed word. */
const WRITTEN: ReadonlySet<string> = new Set(["detail", "message", "override", "reason", "subject", "text"]);

/**
 * The event as it may be recorded for ever (X2): secrets are taken out of its words, by value. Names, keys and handles
 * stay as they are, since what they name must be found again.
 */
export function withoutSecrets<E extends LedgerEvent>(event: E, redact: Redact): E {
  // Why a fire was skipped or missed is a closed word; its words are the detail.
  const isClosed = event.type === "fire.skipped" || event.type === "fire.missed";
  const fields = Object.entries(event).map(([key, value]) => {
    if (typeof value === "string" && WRITTEN.has(key) && !(isClosed && key === "reason")) return [key, redact(value)];
    return [key, value];
  });
  if (event.type !== "run.judged") return Object.fromEntries(fields) as E;
  return { ...(Object.fromEntries(fields) as E), breaches: event.breaches.map((b) => breachWithout(b, redact)) };
}

/** Characters that are kept of a line: cut after its secrets are out, for a cut one is not known again. */
const LINE_LENGTH = 200;

/** What a run printed again and again is quoted in samples and, from there, in verdicts. */
export function sampleWithout(sample: Sample, redact: Redact): Sample {
  if (sample.repeatingLine === undefined) return sample;
  return { ...sample, repeatingLine: redact(sample.repeatingLine).slice(0, LINE_LENGTH) };
}

function breachWithout(breach: Breach, redact: Redact): Breach {
  const evidence = Object.entries(breach.evidence).map(([key, value]) => [
    key,
    typeof value === "string" ? redact(value) : value,
  ]);
  return { ...breach, observed: redact(breach.observed), evidence: Object.fromEntries(evidence) };
}
