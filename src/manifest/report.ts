import { type Diagnostic, nearest } from "../diagnostic/index.ts";
import { Locator, type Path } from "./locate.ts";
import type { Value } from "./scalar.ts";
import { LineIndex, type Span } from "./source.ts";

/** A file that was read. */
export class ManifestFile {
  readonly file: string;
  readonly value: Value | undefined;
  readonly lines: LineIndex;
  readonly locator: Locator;
  /** Length of the text: near enough to bytes for a sum. */
  readonly bytes: number;
  /** Values that were made up where the file has a mistake. */
  readonly tainted: readonly Span[];

  constructor(file: string, text: string, value: Value | undefined, tainted: readonly Span[] = []) {
    this.file = file;
    this.value = value;
    this.lines = new LineIndex(text);
    this.locator = new Locator(text);
    this.bytes = text.length;
    this.tainted = tainted;
  }
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Names, of which the nearest to `wanted` becomes the hint; `hint` when none is near. */
  readonly candidates?: { readonly wanted: string; readonly known: Iterable<string> };
  readonly severity?: "warning";
  /** What to underline; default the value. */
  readonly at?: "key" | "value";
  /** A part of the scalar, as offsets in its text. */
  readonly start?: number;
  readonly end?: number;
}

/** More than a person reads, and little enough to hold. */
const MOST = 5000;
const LONGEST_TEXT = 500;
/** Names compared for hints, in all: 50,000 mistakes among 50,000 jobs must end. */
const MOST_COMPARISONS = 1_000_000;

/** Collects what is wrong; the same thing said twice (for two environments) is kept once. */
export class Report {
  readonly #list: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  readonly #files = new Map<string, ManifestFile | undefined>();
  #comparisons = 0;

  /** Remembers a file that was asked for; undefined when there is no text to show. */
  track(path: string, file: ManifestFile | undefined): void {
    this.#files.set(path, file);
  }

  line(file: string, line: number): string | undefined {
    return this.#files.get(file)?.lines.line(line);
  }

  /** Nobody reads more: the rest need not be looked at. */
  get isFull(): boolean {
    return this.#list.length >= MOST;
  }

  add(file: ManifestFile, path: Path, problem: Problem): void {
    if (this.isFull) return;
    const span = spanAt(file, cut(file.value, path).path, problem);
    if (!file.tainted.some(({ start, end }) => span.start < end && start < span.end)) this.#push(file, span, problem);
  }

  addSpan(file: ManifestFile, span: Span, problem: Problem): void {
    if (!this.isFull) this.#push(file, span, problem);
  }

  /** Something wrong with a file that has no text at hand. */
  addFile(file: string, problem: Problem): void {
    this.addSpan(new ManifestFile(file, "", undefined), { start: 0, end: 1 }, problem);
  }

  list(): readonly Diagnostic[] {
    const first = this.#list[0];
    if (!this.isFull || first === undefined) return this.#list;
    const message = `more than ${MOST} mistakes: the rest is not shown`;
    const { hint: _hint, ...rest } = first;
    return [...this.#list, { ...rest, code: "R1099", severity: "error", line: 1, column: 1, length: 1, message }];
  }

  #hint({ hint, candidates }: Problem): string | undefined {
    if (candidates === undefined || this.#comparisons > MOST_COMPARISONS) return hint;
    const known = [...candidates.known];
    this.#comparisons += known.length;
    const near = nearest(candidates.wanted, known);
    return near === undefined ? hint : `did you mean "${near}"?`;
  }

  #push(file: ManifestFile, span: Span, problem: Problem): void {
    const { line, column } = file.lines.place(span.start);
    const key = `${problem.code} ${file.file} ${line} ${column} ${problem.message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const hint = this.#hint(problem);
    const rest = (file.lines.line(line) ?? "").length - column + 1;
    this.#list.push({
      code: problem.code,
      severity: problem.severity ?? "error",
      file: file.file,
      line,
      column,
      length: Math.max(1, Math.min(span.end - span.start, rest)),
      message: clamp(problem.message),
      ...(hint === undefined ? {} : { hint: clamp(hint) }),
    });
  }
}

function clamp(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

function spanAt(file: ManifestFile, path: Path, problem: Problem): Span {
  if (problem.at === "key") return file.locator.key(path);
  if (problem.start !== undefined && problem.end !== undefined) {
    const start = file.locator.scalarStart(path);
    if (start !== undefined) return { start: start + problem.start, end: start + problem.end };
  }
  return file.locator.value(path);
}

/**
 * The part of a path that is really written. A scalar may stand for a map or a list (`schedule: "0 6 * * *"` is
 * `schedule: { cron: … }`), so a path that goes on below a scalar ends there and counts as reached.
 */
export function cut(value: Value | undefined, path: Path): { readonly path: Path; readonly reached: boolean } {
  let at: unknown = value;
  for (let i = 0; i < path.length; i++) {
    if (at === null || typeof at !== "object") return { path: path.slice(0, i), reached: at !== undefined && i > 0 };
    const part = path[i] as string | number;
    if (!Object.hasOwn(at, part)) return { path: path.slice(0, i), reached: false };
    at = (at as Record<string | number, unknown>)[part];
  }
  return { path, reached: true };
}
