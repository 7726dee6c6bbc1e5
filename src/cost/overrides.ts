import type { JsonObject } from "../model/index.ts";
import { LIST, type PriceOverrides } from "./book.ts";
import { fromDecimal } from "./rational.ts";
import { metersOf } from "./service.ts";

/** A mistake under a placement, for a diagnostic: `path` as in `prices.discount`. */
export interface PriceMistake {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

type Hourly =
  | { readonly ok: true; readonly amount: string; readonly currency: string }
  | { readonly ok: false; readonly message: string };

const AMOUNT = String.raw`(\d{1,15}(?:\.\d{1,15})?)`;

/** `0.20 USD/h`, or money that an hour costs. */
export function parseHourly(value: unknown): Hourly {
  if (typeof value === "object" && value !== null && "amount" in value && "currency" in value) {
    const { amount, currency } = value;
    if (typeof amount === "string" && typeof currency === "string") return parseHourly(`${amount} ${currency}/h`);
  }
  const match = new RegExp(`^${AMOUNT} ([A-Z]{3})/h$`).exec(String(value));
  if (!match) return { ok: false, message: `price by the hour: ${JSON.stringify(value)} is none; write 0.20 USD/h` };
  return { ok: true, amount: match[1] ?? "", currency: match[2] ?? "" };
}

type Rate = { readonly price: string; readonly currency: string; readonly unit: string };

/**
 * What a placement says under `prices`: `discount: 12%` off every list price, and rates by meter such as
 * `fargate.vcpuX86: 0.0389 USD/vCPU-hour` or `ec2.m5.large: 0.096 USD/hour`, which hold in its region and are not
 * discounted again. All mistakes at once; the overrides hold what was right.
 */
export function readOverrides(
  providerType: string,
  placementOptions: JsonObject,
): { readonly overrides: PriceOverrides; readonly mistakes: readonly PriceMistake[] } {
  const mistakes: PriceMistake[] = [];
  const rates = new Map<string, Rate>();
  let discount: string | undefined;
  const { prices, price } = placementOptions;
  if (price !== undefined) {
    const hourly = parseHourly(price);
    if (!hourly.ok) mistakes.push({ path: "price", message: hourly.message, fix: "write it like 0.20 USD/h" });
  }
  if (prices !== undefined && !isObject(prices))
    mistakes.push({ path: "prices", message: "prices is a map from meters to prices", fix: EXAMPLE });
  for (const [key, value] of Object.entries(isObject(prices) ? prices : {})) {
    const read = key === "discount" ? readDiscount(value) : readRate(providerType, key, value);
    if ("message" in read) mistakes.push({ path: `prices.${key}`, ...read });
    else if ("discount" in read) discount = read.discount;
    else rates.set(key, read);
  }
  return { overrides: { rates, ...(discount === undefined ? {} : { discount }) }, mistakes };
}

const EXAMPLE = "write it like prices: { discount: 12%, fargate.vcpuX86: 0.0389 USD/vCPU-hour }";

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Wrong = Pick<PriceMistake, "message" | "fix">;

function readDiscount(value: unknown): { readonly discount: string } | Wrong {
  const match = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(String(value));
  const share = match ? fromDecimal(`${match[1]}e-2`) : undefined;
  if (share === undefined || share.n > share.d)
    return { message: `${JSON.stringify(value)} is not a discount from 0% to 100%`, fix: "write it like 12% or 7.5%" };
  return { discount: asDecimal(`${match?.[1]}`) };
}

/** A percentage's digits as a share: 12.5 → 0.125. */
function asDecimal(percent: string): string {
  const [whole = "", decimals = ""] = percent.split(".");
  const digits = whole.padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${decimals}`;
}

function readRate(providerType: string, meter: string, value: unknown): Rate | Wrong {
  const unit = unitFor(providerType, meter);
  if (unit === undefined) return { message: `${providerType} has no meter "${meter}"`, fix: knownMeters(providerType) };
  const match = new RegExp(`^${AMOUNT} ([A-Z]{3})/(.+)$`).exec(String(value));
  if (!match) return { message: `${JSON.stringify(value)} is not a price`, fix: `write it like 0.05 USD/${unit}` };
  const [, price = "", currency = "", said] = match;
  if (said !== unit)
    return {
      message: `${meter} is billed by the ${unit}, not by the ${said}`,
      fix: `write ${price} ${currency}/${unit}`,
    };
  return { price, currency, unit };
}

/** The unit in which a meter is priced, in every region. A type of machine is billed by the hour. */
function unitFor(providerType: string, meter: string): string | undefined {
  const listed = LIST.find((row) => row.provider === providerType && row.meter === meter);
  if (listed !== undefined) return listed.unit;
  const machine = metersOf(providerType).some((known) => known.endsWith(".*") && meter.startsWith(known.slice(0, -1)));
  return machine ? "hour" : undefined;
}

function knownMeters(providerType: string): string {
  const listed = LIST.filter((row) => row.provider === providerType).map((row) => row.meter);
  const known = [...new Set([...listed, ...metersOf(providerType)])];
  return known.length === 0 ? "give the machine a price instead: price: 0.20 USD/h" : `known: ${known.join(", ")}`;
}
