import type { Json } from "../model/index.ts";

const MASK = "•••";
/** A shorter value would take half of every text with it, and is no secret. */
const SHORTEST = 4;

export type Redactor = (text: string) => string;

/**
 * Takes secrets out by value, wherever in a text they are: as they are, as JSON (also within JSON), URL, form, hex or Base64 writes them (Base64
 * at each of the three places a value may begin in a group). A list of the fields that hold them would miss some.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const forms = new Set<string>();
  for (const secret of secrets) {
    for (const value of [secret, secret.trim()]) {
      if (value.length >= SHORTEST) for (const form of formsOf(value)) forms.add(form);
    }
  }
  // The longest first: one secret may hold another.
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return (text) => sorted.reduce((rest, form) => rest.replaceAll(form, MASK), text);
}

/** The same for every string in a value, keys included. */
export function redactJson<T extends Json | undefined>(value: T, redact: Redactor): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((each: Json) => redactJson(each, redact)) as unknown as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, Json]) => [redact(key), redactJson(each, redact)]),
  ) as T;
}

function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value, "utf8");
  const quoted = JSON.stringify(value).slice(1, -1);
  return [
    value,
    quoted,
    JSON.stringify(quoted).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    new URLSearchParams({ x: value }).toString().slice(2),
    bytes.toString("hex"),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
  ].filter((form) => form.length >= SHORTEST);
}

/** The characters of Base64 that this value alone decides when `offset` bytes come before it, in both alphabets. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const whole = padded.toString("base64").replaceAll("=", "");
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((padded.length * 8) / 6);
  const text = whole.slice(first, last);
  return [text, text.replaceAll("+", "-").replaceAll("/", "_")];
}
