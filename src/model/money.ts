/**
 * Money is exact: an integer number of 10^-9 of the currency (`nanos`, as in Google's price API) while
 * it is computed, a decimal string wherever it is stored or shown. Never a float.
 */
export interface Money {
  /** Decimal string with at most nine decimals, e.g. "12.345678901". */
  readonly amount: string;
  /** ISO 4217 code. */
  readonly currency: string;
}

const SCALE = 1_000_000_000n;
const AMOUNT = /^(-?)(\d{1,18})(?:\.(\d{1,9}))?$/;

/** The integer of 10^-9 that a decimal string says. Throws RangeError when it is not such a string. */
export function nanos(amount: string): bigint {
  const match = AMOUNT.exec(amount);
  if (!match) throw new RangeError(`not an amount with at most nine decimals: ${amount}`);
  const value = BigInt(match[2] ?? "0") * SCALE + BigInt((match[3] ?? "").padEnd(9, "0"));
  return match[1] === "-" ? -value : value;
}

/** The shortest decimal string for an integer of 10^-9. */
export function decimal(value: bigint): string {
  const sign = value < 0n ? "-" : "";
  const abs = value < 0n ? -value : value;
  const fraction = (abs % SCALE).toString().padStart(9, "0").replace(/0+$/, "");
  return `${sign}${abs / SCALE}${fraction ? `.${fraction}` : ""}`;
}

export function money(value: bigint, currency: string): Money {
  return { amount: decimal(value), currency };
}

/** `value × numerator ÷ denominator`, rounded half to even. */
export function scale(value: bigint, numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new RangeError("division by zero");
  const [n, d] = denominator < 0n ? [-value * numerator, -denominator] : [value * numerator, denominator];
  const quotient = n / d;
  const twice = (n < 0n ? -(n % d) : n % d) * 2n;
  if (twice < d || (twice === d && quotient % 2n === 0n)) return quotient;
  return quotient + (n < 0n ? -1n : 1n);
}

/** For people: rounded half to even to `digits` decimals, e.g. "12.35". */
export function rounded(value: bigint, digits = 2): string {
  const unit = 10n ** BigInt(9 - digits);
  const text = decimal(scale(value, 1n, unit) * unit);
  if (digits === 0) return text;
  const [whole = "0", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(digits, "0")}`;
}
