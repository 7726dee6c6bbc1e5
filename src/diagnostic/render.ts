import type { Diagnostic, Severity } from "./diagnostic.ts";
import { displayWidth, visible } from "./width.ts";

/** Longest stretch of a source line that is shown, in UTF-16 units. */
const FRAME_LENGTH = 120;
/** More than so many are counted by code: the eye no longer does it. */
const FEW = 10;

export interface RenderOptions {
  /** The line (from 1) of a file's text, when it is at hand. */
  readonly line?: (file: string, line: number) => string | undefined;
  /** A file as the reader knows it; default: as the diagnostic names it. */
  readonly name?: (file: string) => string;
  /** ANSI colour; default false. */
  readonly colour?: boolean;
}

const COLOURS: Readonly<Record<Severity, string>> = { error: "31", warning: "33", info: "36" };

/** By file, line, column, code, message: the order in which a person reads. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

/** What `--strict` does: warnings become errors. */
export function strict(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.map((d) => (d.severity === "warning" ? { ...d, severity: "error" } : d));
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}

/** One diagnostic with its source line and a caret under the place; no newline at the end. */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const { severity, code, file, line, column, length, message, hint } = diagnostic;
  const paint = (text: string, ansi: string): string => (options.colour ? `\u001b[${ansi}m${text}\u001b[0m` : text);
  const head = `${visible(options.name?.(file) ?? file)}:${line}:${column} ${paint(`${severity}[${code}]`, `1;${COLOURS[severity]}`)} ${visible(message)}`;
  const source = options.line?.(file, line);
  if (source === undefined) return hint === undefined ? head : `${head}\n  ${visible(hint)}`;

  const frame = cut(source, column - 1, length);
  const gutter = `  ${line} | `;
  const indent = `${" ".repeat(gutter.length - 2)}| `;
  const pad = " ".repeat(displayWidth(frame.before));
  const caret = paint("^".repeat(Math.max(1, displayWidth(frame.marked))), COLOURS[severity]);
  const shown = visible(frame.before + frame.marked + frame.after);
  return `${head}\n${gutter}${shown}\n${indent}${pad}${caret}${hint === undefined ? "" : ` ${visible(hint)}`}`;
}

/** All of them, sorted, and a line that counts them; empty text when there are none. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  if (diagnostics.length === 0) return "";
  const parts = sortDiagnostics(diagnostics).map((d) => renderDiagnostic(d, options));
  return `${parts.join("\n\n")}\n\n${summary(diagnostics)}`;
}

/** One mistake in what many jobs share shows as one code many times. */
function byCode(diagnostics: readonly Diagnostic[]): string {
  return [...Map.groupBy(diagnostics, ({ code }) => code)]
    .map(([code, all]) => ({ code, count: all.length }))
    .sort((a, b) => b.count - a.count || compare(a.code, b.code))
    .map(({ code, count }) => `${count} × ${code}`)
    .join(", ");
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity, one: string, many: string): string[] => {
    const all = diagnostics.filter((d) => d.severity === severity);
    if (all.length === 0) return [];
    return [`${all.length} ${all.length === 1 ? one : many}${all.length > FEW ? ` (${byCode(all)})` : ""}`];
  };
  return [
    ...count("error", "error", "errors"),
    ...count("warning", "warning", "warnings"),
    ...count("info", "note", "notes"),
  ].join(", ");
}

/** The line around the marked place, with `…` where a long line was cut. */
function cut(source: string, start: number, length: number): { before: string; marked: string; after: string } {
  const at = Math.min(Math.max(start, 0), source.length);
  const from = source.length <= FRAME_LENGTH ? 0 : Math.max(0, at - FRAME_LENGTH / 2);
  const to = Math.min(source.length, from + FRAME_LENGTH);
  const end = Math.min(at + length, to);
  return {
    before: (from > 0 ? "…" : "") + source.slice(from, at),
    marked: source.slice(at, end),
    after: source.slice(end, to) + (to < source.length ? "…" : ""),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
