/** What is wrong with a text, and where: `start` and `end` are offsets into it, in UTF-16 units. */
export interface TextError {
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly hint?: string;
}

export type Failed = { readonly ok: false; readonly error: TextError };

export function failed(message: string, start: number, end: number, hint?: string): Failed {
  return { ok: false, error: hint === undefined ? { message, start, end } : { message, start, end, hint } };
}
