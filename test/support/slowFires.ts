/**
 * A second opinion on fires: walks an interval minute by minute and asks of every local minute whether the
 * schedule names it, with offsets from Temporal. Shares no code with src/schedule and is thousands of times
 * slower. Zones whose offsets are whole minutes only (every zone since 1972).
 */
export interface SlowFire {
  readonly at: number;
  readonly local: string;
  readonly ordinal: number;
}

/** A minute as clocks show it; `weekday` is ISO, Monday 1. */
export interface Reading {
  readonly text: string;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

export interface SlowRules {
  readonly gap: "shift" | "skip";
  readonly overlap: "first" | "second" | "both";
  readonly countsTime: boolean;
  /** Whether the schedule names this local minute. */
  readonly names: (reading: Reading) => boolean;
}

interface Minute {
  readonly at: number;
  /** Minutes that clocks jumped over just before this one. */
  readonly lost: readonly Reading[];
  readonly shown: Reading;
}

const MINUTE = 60_000;
const MARGIN = 4 * 60 * MINUTE;

/** Each minute that clocks of the zone showed, some hours around [from, to), made once for many schedules. */
export function clockFace(timezone: string, from: number, to: number): readonly Minute[] {
  const minutes: Minute[] = [];
  const offset = (at: number): number =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6;
  let last: number | undefined;
  for (let hour = from - MARGIN; hour < to + MARGIN; hour += 60 * MINUTE) {
    const steady = offset(hour) === offset(hour + 60 * MINUTE) ? offset(hour) : undefined;
    for (let at = hour; at < hour + 60 * MINUTE; at += MINUTE) {
      const local = at + (steady ?? offset(at));
      const lost: Reading[] = [];
      for (let gone = (last ?? local) + MINUTE; gone < local; gone += MINUTE) lost.push(read(gone));
      minutes.push({ at, lost, shown: read(local) });
      last = local;
    }
  }
  return minutes;
}

export function slowFires(face: readonly Minute[], rules: SlowRules, from: number, to: number): SlowFire[] {
  const named = face.filter(({ shown, lost }) => rules.names(shown) || lost.some(rules.names));
  const times = Map.groupBy(named, ({ shown }) => shown.text);
  const found: SlowFire[] = [];
  for (const minute of named) {
    const { at, lost, shown } = minute;
    if (at < from || at >= to) continue;
    if (!rules.names(shown)) {
      const first = rules.gap === "shift" ? lost.find(rules.names) : undefined;
      if (first) found.push({ at, local: first.text, ordinal: 0 });
      continue;
    }
    const passes = times.get(shown.text) ?? [];
    const pass = passes.indexOf(minute);
    const wanted =
      passes.length === 1 ||
      rules.countsTime ||
      rules.overlap === "both" ||
      (rules.overlap === "first") === (pass === 0);
    if (wanted) found.push({ at, local: shown.text, ordinal: pass });
  }
  return found;
}

function read(local: number): Reading {
  const date = new Date(local);
  return {
    get text() {
      return date.toISOString().slice(0, 16);
    },
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay() === 0 ? 7 : date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}
