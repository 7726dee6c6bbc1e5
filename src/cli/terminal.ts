import { displayWidth } from "../diagnostic/index.ts";
import type { Shell } from "./world.ts";

export type Paint = "red" | "green" | "yellow" | "blue" | "cyan" | "dim" | "bold";

const CODES: Readonly<Record<Paint, string>> = {
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  cyan: "36",
  dim: "2",
  bold: "1",
};

/** Data to stdout, everything else to stderr; colour only on a terminal that wants it (NO_COLOR, TERM=dumb). */
export interface Terminal {
  /** Facts that the command is for. */
  out(text: string): void;
  /** What a person should know besides. */
  note(text: string): void;
  json(value: unknown): void;
  /** For what goes to stdout. */
  paint(text: string, ...how: readonly Paint[]): string;
  /** For what goes to stderr. */
  paintNote(text: string, ...how: readonly Paint[]): string;
  readonly colour: boolean;
  /** Of what goes to stderr. */
  readonly colourNotes: boolean;
  /** Columns; absent when stdout is no terminal, and lines may be as long as they are. */
  readonly width?: number;
}

const NARROWEST = 40;
const USUAL_WIDTH = 80;

export function terminalOf(shell: Shell): Terminal {
  const { stdout, stderr } = shell;
  const colour = wantsColour(stdout, shell);
  const colourNotes = wantsColour(stderr, shell);
  return {
    out: (text) => stdout.write(`${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    json: (value) => stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    paint: (text, ...how) => (colour ? painted(text, how) : text),
    paintNote: (text, ...how) => (colourNotes ? painted(text, how) : text),
    colour,
    colourNotes,
    ...(stdout.isTTY === true ? { width: Math.max(NARROWEST, stdout.columns ?? USUAL_WIDTH) } : {}),
  };
}

function wantsColour(stream: { readonly isTTY?: boolean }, { env }: Shell): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
}

function painted(text: string, how: readonly Paint[]): string {
  return how.length === 0 ? text : `\u001b[${how.map((h) => CODES[h]).join(";")}m${text}\u001b[0m`;
}

export interface TableOptions {
  /** Columns aligned to the right. */
  readonly right?: ReadonlySet<number>;
  /** The last column is broken into lines so that none is longer than this. */
  readonly width?: number | undefined;
}

/** With less room than this the last column stands below the others. */
const LEAST_LAST = 24;
const BELOW = 4;
const GAP = "  ";

/** Columns padded to their widest cell; a cell may carry colour, except one of the last column that is to be broken. */
export function table(rows: readonly (readonly string[])[], { right = new Set(), width }: TableOptions = {}): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, visibleWidth(cell));
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, w) => sum + w + GAP.length, 0);
  const total = width ?? Number.POSITIVE_INFINITY;
  const isBelow = total - before < Math.min(LEAST_LAST, widths[last] ?? 0);
  const indent = isBelow ? BELOW : before;
  const room = total - indent;
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const pad = " ".repeat((widths[i] ?? 0) - visibleWidth(cell));
          if (right.has(i)) return pad + cell;
          if (i < last) return cell + pad;
          const text = broken(cell, room).join(`\n${" ".repeat(indent)}`);
          return isBelow && cell !== "" ? `\n${" ".repeat(indent)}${text}` : text;
        })
        .join(GAP)
        .replaceAll(/ +$/gm, ""),
    )
    .join("\n");
}

/** The text in lines of at most `room` columns, broken between words where there are any. */
function broken(text: string, room: number): readonly string[] {
  if (visibleWidth(text) <= room || text.includes("\u001b")) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (displayWidth(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
  }
  return [...lines, line];
}

export function visibleWidth(text: string): number {
  return displayWidth(text.replaceAll(/\u001b\[[0-9;]*m/g, ""));
}
