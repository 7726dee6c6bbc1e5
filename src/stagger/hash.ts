/** 32 bits that a text and a salt determine on every machine: FNV-1a over the UTF-16 units, then mixed. */
export function hash32(text: string, salt = 0): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A whole number in [0, limit) that the text determines. */
export function hashBelow(text: string, limit: number, salt = 0): number {
  return Math.floor((hash32(text, salt) / 2 ** 32) * limit);
}

/** By code unit, so that no locale changes an order. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
