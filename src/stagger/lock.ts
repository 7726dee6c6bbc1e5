import type { Slot, SlotStart, Weekday } from "../model/index.ts";
import { byText } from "./hash.ts";

/** What jobs.lock.yaml holds: for each environment, each flexible job's slot. */
export interface Lock {
  readonly environments: ReadonlyMap<string, ReadonlyMap<string, Slot>>;
}

/** A line of the lock that says nothing rota understands; line and column count from 1. */
export interface LockProblem {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly message: string;
  readonly hint: string;
}

const HEADER =
  "# The slots that `rota stagger --write` gave to the flexible jobs of jobs.yaml, in each job's own time zone.\n" +
  "# Keep this file under version control: it is why a change moves few jobs.\n";
const VERSION = 1;
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const KEY = String.raw`("(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"|'(?:[^']|'')*'|[A-Za-z0-9_][\w./@-]*)`;
const SECTION = new RegExp(`^  ${KEY}:\\s*(\\{\\s*\\})?$`);
const ENTRY = new RegExp(`^    ${KEY}:\\s+(?:"([^"\\\\]*)"|'([^']*)'|([^"'#\\s][^"'#]*))$`);
const PLAIN_KEY = /^[A-Za-z_][\w./-]*$/;
const YAML_WORD = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
const START = /^(?:(?:week (\d{1,3}) )?(Mon|Tue|Wed|Thu|Fri|Sat|Sun) |day (\d{1,2}) )?([01]\d|2[0-3]):([0-5]\d)$/;

/** The file's text: sorted by code unit, one line a job, the same bytes on every machine. */
export function renderLock(lock: Lock): string {
  let text = `${HEADER}rotaLock: ${VERSION}\nenvironments:`;
  if (lock.environments.size === 0) return `${text} {}\n`;
  text += "\n";
  for (const [environment, slots] of sorted(lock.environments)) {
    text += `  ${key(environment)}:${slots.size === 0 ? " {}" : ""}\n`;
    for (const [job, slot] of sorted(slots)) text += `    ${key(job)}: "${slotText(slot)}"\n`;
  }
  return text;
}

/** The lock with one environment's slots replaced; the other environments stay as they are. */
export function withSlots(lock: Lock | undefined, environment: string, slots: ReadonlyMap<string, Slot>): Lock {
  return { environments: new Map([...(lock?.environments ?? []), [environment, slots]]) };
}

/**
 * Reads what renderLock writes, and the small edits people make by hand. `lock` holds every line that was
 * understood; with any problem it is not the whole file, and must not be written back.
 */
export function parseLock(text: string): { lock: Lock; problems: readonly LockProblem[] } {
  const environments = new Map<string, Map<string, Slot>>();
  const reading: Reading = { environments, slots: undefined, versionSeen: false };
  const problems: LockProblem[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const source = raw.trimEnd();
    const wrong = readLine(reading, source);
    if (!wrong) continue;
    const trimmed = source.trim();
    const column = source.length - trimmed.length + 1;
    problems.push({ line: index + 1, column, length: trimmed.length, message: wrong[0], hint: wrong[1] });
  }
  if (!reading.versionSeen && problems.length === 0) {
    const message = "this is not a lock: it has no `rotaLock: 1`";
    problems.push({ line: 1, column: 1, length: 1, message, hint: "delete it, or restore it from version control" });
  }
  return { lock: { environments }, problems };
}

/** Where a job's line stands in the lock's text, from 1; 1 when it has none. */
export function lineInLock(text: string, environment: string, job: string): number {
  let inside = false;
  for (const [index, raw] of text.split("\n").entries()) {
    const source = raw.trimEnd();
    const section = SECTION.exec(source);
    if (section) inside = unquote(section[1] ?? "") === environment;
    else if (inside && unquote(ENTRY.exec(source)?.[1] ?? "") === job) return index + 1;
  }
  return 1;
}

interface Reading {
  readonly environments: Map<string, Map<string, Slot>>;
  slots: Map<string, Slot> | undefined;
  versionSeen: boolean;
}

/** Takes one line in; what is wrong with it and how to mend it, when something is. */
function readLine(reading: Reading, source: string): [message: string, hint: string] | undefined {
  if (source === "" || /^\s*#/.test(source) || /^environments:(\s*\{\s*\})?$/.test(source)) return undefined;
  if (/^(<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)/.test(source)) {
    return ["a merge conflict was left in the lock", "keep either side, then run rota stagger --write"];
  }
  const version = /^rotaLock:\s*(\d+)$/.exec(source);
  if (version) {
    reading.versionSeen = true;
    if (Number(version[1]) === VERSION) return undefined;
    return [`this is version ${version[1]} of the lock's form`, "it was written by a newer rota: use that one"];
  }
  const section = SECTION.exec(source);
  if (section) {
    const name = unquote(section[1] ?? "");
    const standing = reading.environments.get(name);
    reading.slots = standing ?? new Map<string, Slot>();
    reading.environments.set(name, reading.slots);
    return standing ? [`environment "${name}" stands twice`, "keep one of the two"] : undefined;
  }
  return readEntry(reading.slots, source);
}

function readEntry(slots: Map<string, Slot> | undefined, source: string): [string, string] | undefined {
  const entry = ENTRY.exec(source);
  const slot = entry ? parseSlot((entry[2] ?? entry[3] ?? entry[4] ?? "").trim()) : undefined;
  if (!entry || !slot || !slots) {
    return ["this is not a slot", 'a line reads `job: "Mon 06:35"`; mend it, or run rota stagger --write'];
  }
  const job = unquote(entry[1] ?? "");
  if (slots.has(job)) return [`job "${job}" stands twice`, "keep one of the two lines"];
  slots.set(job, slot);
  return undefined;
}

/** `Mon 06:35`, `week 1 Mon 06:35`, `day 15 02:10`, `02:10`, `+3m`; several starts with a comma between. */
export function slotText(slot: Slot): string {
  return slot.kind === "phase" ? `+${slot.offsetMinutes}m` : slot.starts.map(startText).join(", ");
}

/** One start as a person reads it. */
export function startText({ week, weekday, day, minute }: SlotStart): string {
  const time = `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
  if (day !== undefined) return `day ${day} ${time}`;
  if (weekday === undefined) return time;
  return `${week === undefined ? "" : `week ${week} `}${DAYS[weekday - 1]} ${time}`;
}

function parseSlot(text: string): Slot | undefined {
  const phase = /^\+(\d{1,3})m$/.exec(text);
  if (phase) return { kind: "phase", offsetMinutes: Number(phase[1]) };
  const starts: SlotStart[] = [];
  for (const part of text.split(",")) {
    const match = START.exec(part.trim());
    if (!match) return undefined;
    const [, week, weekday, day, hour, minute] = match;
    if (day !== undefined && (Number(day) < 1 || Number(day) > 28)) return undefined;
    starts.push({
      ...(week === undefined ? {} : { week: Number(week) }),
      ...(weekday === undefined ? {} : { weekday: (DAYS.indexOf(weekday as (typeof DAYS)[number]) + 1) as Weekday }),
      ...(day === undefined ? {} : { day: Number(day) }),
      minute: Number(hour) * 60 + Number(minute),
    });
  }
  return { kind: "starts", starts };
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => byText(a, b));
}

function key(name: string): string {
  return PLAIN_KEY.test(name) && !YAML_WORD.test(name) ? name : JSON.stringify(name);
}

function unquote(text: string): string {
  if (text.startsWith('"')) return String(JSON.parse(text));
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  return text;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
