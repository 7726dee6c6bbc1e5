const TAB = 4;

/** Terminal columns that one code point takes: 0 for combining marks, 2 for wide East Asian letters and emoji. */
function columnsOf(point: number): number {
  const char = String.fromCodePoint(point);
  if (point < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(char)) return 0;
  return isWide(point) ? 2 : 1;
}

/** The blocks that Unicode's EastAsianWidth.txt marks W or F, rounded to whole blocks. */
function isWide(p: number): boolean {
  return (
    (p >= 0x1100 && p <= 0x115f) ||
    (p >= 0x2e80 && p <= 0xa4cf && p !== 0x303f) ||
    (p >= 0xa960 && p <= 0xa97c) ||
    (p >= 0xac00 && p <= 0xd7a3) ||
    (p >= 0xf900 && p <= 0xfaff) ||
    (p >= 0xfe30 && p <= 0xfe6f) ||
    (p >= 0xff01 && p <= 0xff60) ||
    (p >= 0xffe0 && p <= 0xffe6) ||
    (p >= 0x1f300 && p <= 0x1faff) ||
    (p >= 0x20000 && p <= 0x3fffd)
  );
}

/** The text as a terminal may show it: tabs as spaces, control characters as their pictures (U+2400…). */
export function visible(text: string): string {
  let out = "";
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (point === 9) out += " ".repeat(TAB);
    else if (point < 0x20) out += String.fromCodePoint(0x2400 + point);
    else if (point === 0x7f) out += "\u2421";
    else if ((point >= 0x80 && point <= 0x9f) || isBidirectional(point)) out += "\ufffd";
    else out += char;
  }
  return out;
}

/** Overrides and isolates that would show text in another order than it is written. */
function isBidirectional(p: number): boolean {
  return (p >= 0x202a && p <= 0x202e) || (p >= 0x2066 && p <= 0x2069);
}

/** Terminal columns of `visible(text)`. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of visible(text)) width += columnsOf(char.codePointAt(0) ?? 0);
  return width;
}
