import { scale } from "../model/index.ts";

/** An exact fraction; the denominator is positive. Prices and quantities are multiplied as these, and rounded once. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

export const ZERO: Rational = { n: 0n, d: 1n };
const NANOS = 1_000_000_000n;

export function fraction(n: bigint | number, d: bigint | number = 1n): Rational {
  return { n: BigInt(n), d: BigInt(d) };
}

/** What a decimal text says, of any length: `0.0000166667`, `1e-7`. Throws RangeError when it is none. */
export function fromDecimal(text: string): Rational {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/.exec(text);
  if (!match) throw new RangeError(`not a decimal number: ${text}`);
  const [, sign = "", whole = "", decimals = "", exponent = "0"] = match;
  const shift = Number(exponent) - decimals.length;
  const n = BigInt(`${sign}${whole}${decimals}`);
  return shift >= 0 ? { n: n * 10n ** BigInt(shift), d: 1n } : { n, d: 10n ** BigInt(-shift) };
}

/** The decimal that JavaScript shows for the number: 0.1 is one tenth. */
export function fromNumber(value: number): Rational {
  return fromDecimal(String(value));
}

export function plus(a: Rational, b: Rational): Rational {
  return a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d };
}

export function times(a: Rational, b: Rational): Rational {
  return { n: a.n * b.n, d: a.d * b.d };
}

/** To 10^-9, half to even. */
export function toNanos(value: Rational): bigint {
  return scale(value.n, NANOS, value.d);
}
