export type Severity = "error" | "warning" | "info";

/** Something wrong in what a person wrote: collected, never thrown one at a time. */
export interface Diagnostic {
  /** Permanent, e.g. "R1042"; the list is in codes.ts and docs/diagnostics.md. */
  readonly code: string;
  readonly severity: Severity;
  /** As the person named it, relative where they did. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Characters to underline, at least 1. */
  readonly length: number;
  readonly message: string;
  /** How to mend it. */
  readonly hint?: string;
}
