import { EVENT_ID, type Event, parseEvents, YAMLException } from "js-yaml";
import type { Span } from "./source.ts";

export const CAPS = {
  depth: 64,
  /** Commas, colons and line ends of one file; each value has one. A job has about 30. */
  marks: 4_000_000,
  anchors: 10_000,
  aliases: 10_000,
  /** Nodes that aliases stand for, all together. */
  expandedNodes: 1_000_000,
  problems: 1000,
} as const;

export interface ComposeProblem {
  readonly code: string;
  readonly severity?: "warning";
  readonly span: Span;
  readonly message: string;
  readonly hint?: string;
  /** The value that had to be made up: what is said of it later is no further mistake. */
  readonly taints?: Span;
}

export type EventsResult =
  | { readonly ok: true; readonly events: Event[] }
  | { readonly ok: false; readonly problem: ComposeProblem };

/** The parser's events, or its one complaint (YAML cannot be read on after a mistake of syntax). */
export function readEvents(text: string): EventsResult {
  if (hasTooManyMarks(text)) {
    const message = `more than ${CAPS.marks} commas, colons and lines in one file`;
    return {
      ok: false,
      problem: { code: "R1013", span: { start: 0, end: 1 }, message, hint: "split it with `include`" },
    };
  }
  const read = parse(text);
  if (read.ok || !DEFICIENT.test(read.reason)) return read.ok ? read : problemAt(text, read);
  // The parser takes a tab anywhere before a bracket for one in the indentation; spaces leave every offset as it is.
  const spaced = withSpaces(text);
  const again = spaced === text ? read : parse(spaced);
  return again.ok ? again : problemAt(text, again);
}

const DEFICIENT = /deficient indentation/;

type Parsed =
  | { readonly ok: true; readonly events: Event[] }
  | { readonly ok: false; readonly reason: string; readonly at: number };

function parse(text: string): Parsed {
  try {
    return { ok: true, events: parseEvents(text, { maxDepth: CAPS.depth }) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { ok: false, reason: error.reason, at: Math.min(error.mark?.position ?? 0, text.length) };
  }
}

/** The text with its tabs as spaces, but for those in an indentation. Of the same length. */
function withSpaces(text: string): string {
  if (!text.includes("\t")) return text;
  return text.replace(/^([ \t]*)(.+)$/gm, (_line, indent: string, rest: string) => indent + rest.replaceAll("\t", " "));
}

function problemAt(text: string, { reason, at }: { readonly reason: string; readonly at: number }): EventsResult {
  if (/nesting exceeded|maxDepth/i.test(reason)) {
    const message = `nested deeper than ${CAPS.depth} levels`;
    return { ok: false, problem: { code: "R1012", span: { start: at, end: at + 1 }, message } };
  }
  const line = text.lastIndexOf("\n", at - 1) + 1;
  const indented = /^ *\t/.exec(text.slice(line, line + 1000));
  const isTab = indented !== null || text.charCodeAt(at) === 9 || /tab/i.test(reason);
  const start = indented === null ? at : line + indented[0].length - 1;
  const hint = isTab ? "indent with spaces: YAML forbids tabs there" : syntaxHint(reason, text, at);
  const span = { start, end: start + 1 };
  return { ok: false, problem: { code: "R1006", span, message: reason, ...(hint === undefined ? {} : { hint }) } };
}

/** Looked at before parsing: the parser takes 100 bytes and more for a value of two letters. */
function hasTooManyMarks(text: string): boolean {
  if (text.length <= CAPS.marks) return false;
  let marks = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 10 || char === 13 || char === 44 || char === 58) marks++;
  }
  return marks > CAPS.marks;
}

function syntaxHint(reason: string, text: string, at: number): string | undefined {
  const before = text.slice(text.lastIndexOf("\n", at) + 1, at);
  if (text[at] === ":" && /:\s/.test(before)) return "quote a text that holds a colon and a space";
  if (DEFICIENT.test(reason) && (text[at] === "]" || text[at] === "}"))
    return "indent the closing bracket further than the key that it belongs to, or put it at the end of the line above";
  if (DEFICIENT.test(reason)) return "a quote or bracket opened above is not closed, or its lines are not indented";
  if (/bad indentation/.test(reason)) return "line it up with its neighbours; keys of one map begin in one column";
  if (text[at] === "@" || text[at] === "`") return `quote a text that begins with ${text[at]}`;
  if (text[at] === "%") return "quote a text that begins with %";
  return undefined;
}

/** Where an event's text begins; below 0 for an empty scalar, and for what has none. */
export function startOf(event: Event | undefined): number {
  if (event === undefined || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return -1;
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart - 1 : event.start;
}

/** What to underline for one event: a scalar's text (without its quotes), an alias, a bracket. */
export function spanOf(event: Event | undefined): Span {
  const start = Math.max(0, startOf(event));
  if (event?.type === EVENT_ID.SCALAR) return { start, end: Math.max(start + 1, event.valueEnd) };
  if (event?.type === EVENT_ID.ALIAS) return { start, end: event.anchorEnd };
  return { start, end: start + 1 };
}
