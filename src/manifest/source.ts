export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Offset → line and column (from 1, in UTF-16 units), for one text. */
export class LineIndex {
  readonly #text: string;
  #starts: Uint32Array | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  place(offset: number): Place {
    const starts = this.#lineStarts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  /** The text of a line without its break, or undefined past the end. */
  line(number: number): string | undefined {
    const starts = this.#lineStarts();
    const start = starts[number - 1];
    if (start === undefined) return undefined;
    return this.#text.slice(start, starts[number] ?? this.#text.length).replace(/[\r\n]+$/, "");
  }

  #lineStarts(): Uint32Array {
    if (this.#starts) return this.#starts;
    const starts = [0];
    const text = this.#text;
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i);
      if (char === 10 || (char === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
    }
    this.#starts = Uint32Array.from(starts);
    return this.#starts;
  }
}

export type Decoded =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: "R1004" | "R1005";
      readonly text: string;
      readonly offset: number;
      readonly what: string;
    };

/** Bytes → text: UTF-8, a byte order mark dropped, no character that YAML forbids. */
export function decode(bytes: Uint8Array): Decoded {
  if (startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff])) {
    return { ok: false, code: "R1004", text: "", offset: 0, what: "this file is UTF-16" };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const lenient = new TextDecoder("utf-8").decode(bytes);
    return { ok: false, code: "R1004", text: lenient, offset: firstBadOffset(bytes, lenient), what: "not valid UTF-8" };
  }
  const forbidden = FORBIDDEN.exec(text);
  if (!forbidden) return { ok: true, text };
  const point = (forbidden[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return {
    ok: false,
    code: "R1005",
    text,
    offset: forbidden.index,
    what: `the character U+${point} may not stand here`,
  };
}

// YAML 1.2, production 1 (c-printable), turned round; U+FEFF only counts as a mark at the very start.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]/;

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** The text up to the first bad byte decodes to itself; a real U+FFFD in the file is stepped over. */
function firstBadOffset(bytes: Uint8Array, lenient: string): number {
  const encoder = new TextEncoder();
  let from = 0;
  let byte = startsWith(bytes, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  for (;;) {
    const at = lenient.indexOf("\ufffd", from);
    if (at < 0) return 0;
    byte += encoder.encode(lenient.slice(from, at)).length;
    if (!(bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd)) return at;
    byte += 3;
    from = at + 1;
  }
}
