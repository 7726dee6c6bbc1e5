import { createHash } from "node:crypto";

/** The first characters of a SHA-256 in hex. */
export function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

/** Cut at the end, with a hash of the whole, when it is longer than the vendor allows. */
export function shorten(name: string, longest: number): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 11)}-${digest(name, 10)}`;
}
