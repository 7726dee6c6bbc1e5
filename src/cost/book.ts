import aws from "./prices/aws.json" with { type: "json" };
import azure from "./prices/azure.json" with { type: "json" };
import gcp from "./prices/gcp.json" with { type: "json" };
import tiers from "./prices/tiers.json" with { type: "json" };

/** One list price, or one that a manifest gives. */
export interface PriceRow {
  /** `aws.fargate.vcpuX86@us-east-1`. */
  readonly id: string;
  readonly provider: string;
  /** The vendor's name of the service. */
  readonly service: string;
  /** `fargate.vcpuX86`. */
  readonly meter: string;
  /** A region, a group of regions with one price (`tier 1`), or `*`. */
  readonly region: string;
  readonly unit: string;
  /** Decimal string for one unit. */
  readonly price: string;
  readonly currency: string;
  readonly source: string;
  /** When the figure was seen: a date or a month. */
  readonly seen: string;
  /** `high`: the vendor's own list or several sources · `medium`: one source · `low`: not verified. */
  readonly sure: string;
  readonly note?: string;
}

/** What a placement pays instead of the list price; made by `readOverrides`. */
export interface PriceOverrides {
  /** By meter, in the placement's region. */
  readonly rates: ReadonlyMap<string, { readonly price: string; readonly currency: string; readonly unit: string }>;
  /** Share (0–1) as a decimal string that comes off list prices; given rates are as they are. */
  readonly discount?: string;
}

export interface PriceBook {
  readonly rows: readonly PriceRow[];
  readonly overrides: PriceOverrides;
  /** The row that holds in this region; a price of another region never stands in for it. */
  find(provider: string, meter: string, region: string | undefined): PriceRow | undefined;
}

/** Every list price that rota ships. */
export const LIST: readonly PriceRow[] = [...aws, ...azure, ...gcp];
const NO_OVERRIDES: PriceOverrides = { rates: new Map() };
const TIERS: Readonly<Record<string, Readonly<Record<string, string>>>> = { gcp: tiers.gcp };

/** The list prices, and over them what one placement has negotiated. */
export function priceBook(overrides: PriceOverrides = NO_OVERRIDES): PriceBook {
  const byId = new Map(LIST.map((row) => [row.id, row]));
  return {
    rows: LIST,
    overrides,
    find: (provider, meter, region) => {
      const given = overrides.rates.get(meter);
      if (given !== undefined) return givenRow(provider, meter, region ?? "*", given);
      const tier = region === undefined ? undefined : TIERS[provider]?.[region];
      for (const place of [region, tier, "*"]) {
        const row = place === undefined ? undefined : byId.get(`${provider}.${meter}@${place}`);
        if (row !== undefined) return row;
      }
      return undefined;
    },
  };
}

function givenRow(
  provider: string,
  meter: string,
  region: string,
  given: { readonly price: string; readonly currency: string; readonly unit: string },
): PriceRow {
  const id = `${provider}.${meter}@${region} (manifest)`;
  return { id, provider, service: meter, meter, region, ...given, source: "the manifest", seen: "", sure: "high" };
}
