import type { Billed, JsonObject, Workload } from "../model/index.ts";
import type { PriceBook, PriceRow } from "./book.ts";
import { parseHourly } from "./overrides.ts";
import { fraction, fromDecimal, fromNumber, plus, type Rational, times, ZERO } from "./rational.ts";
import { type BillingRule, billingRule, machineType, option, rentedSize, serviceRule, textOption } from "./service.ts";

/** What a run is priced by. The same facts stand on the recorded run (`Run`), its job and its placement. */
export interface Metering {
  readonly book: PriceBook;
  /** The placement's type. */
  readonly providerType: string;
  readonly placementOptions: JsonObject;
  /** `job.options`: what the manifest says under the provider's key. */
  readonly jobOptions?: JsonObject;
  readonly workload: {
    readonly kind: Workload["kind"];
    /** vCPU asked for. */
    readonly cpu: number;
    readonly memoryBytes: number;
    readonly gpu: number;
  };
  /** What the vendor says that it bills: it outdoes what is asked for and what options say. */
  readonly billed?: Billed;
  /** Of this machine, for a placement on it that has an hourly price and does not say `cores` itself. */
  readonly cores?: number;
  /** Of a `vm` job: how many machines it brings up; absent where that is not known. */
  readonly machines?: number;
  /** Of a cost that is nothing; default USD. */
  readonly currency?: string;
}

/** The rate at which a run costs, exact, and the rule by which its time is rounded. */
export interface Tariff {
  readonly kind: "tariff";
  readonly currency: string;
  readonly perMs: Rational;
  readonly perStart: Rational;
  readonly incrementMs: number;
  readonly minimumMs: number;
  /** The time that the vendor itself says it bills: no other counts then. */
  readonly billedMs?: number;
  /** The factors and their price rows, for people. */
  readonly how: string;
}

/** Not known, which is not nothing: `missing` says what is, and how to mend it. */
export interface Unpriced {
  readonly kind: "unpriced";
  readonly missing: string;
}

const HOUR_MS = 3_600_000;
/** The service whose machines a `vm` job rents, where the provider tells which of them run. */
const RENTING: Readonly<Record<string, string>> = { aws: "ec2" };
/** Types of provider that run on this very machine. */
const HERE: readonly string[] = ["local", "memory"];

/** The tariff of a run; it does not depend on time, so it is made once for each run. */
export function tariff(facts: Metering): Tariff | Unpriced {
  if (facts.workload.kind === "http") return nothing(facts, "an HTTP call uses no compute of its own");
  if (facts.workload.kind === "vm") return machines(facts);
  if (facts.billed) return billedTariff(facts, facts.billed);
  const price = facts.placementOptions.price;
  if (price !== undefined) return machineShare(facts, price);
  const { providerType, placementOptions, jobOptions, workload } = facts;
  if (HERE.includes(providerType))
    return unpriced(`no price for this machine: say price: 0.20 USD/h under providers.${providerType}`);
  if (workload.kind === "target") return unpriced("what exists at the vendor already is billed by its own service");
  const rule = billingRule(providerType, jobOptions, placementOptions);
  if (rule === undefined) return unpriced(`no billing rule for this runner on ${providerType}`);
  if (workload.gpu > 0 && rule.parts.machine === undefined) return unpriced(`no price for a GPU on ${rule.service}`);
  return byRule(facts, rule);
}

/** Machines that a job starts, all of the type that is named: by the hour each, all for the same time. */
function machines(facts: Metering): Tariff | Unpriced {
  const { providerType, jobOptions, machines: count } = facts;
  if (count === 0) return nothing(facts, "no machine is rented");
  const rule = RENTING[providerType];
  const found = rule === undefined ? undefined : billingRule(providerType, { runner: rule });
  if (found === undefined)
    return unpriced("which machines run, and until when: this provider does not tell, so their time is not metered");
  if (count === undefined) return unpriced("how many machines the job starts: a tag does not say");
  if (machineType(jobOptions) === undefined)
    return unpriced(`the type of the machines: say instanceType under the job's ${providerType}`);
  const one = byRule(facts, found);
  if (one.kind === "unpriced" || count === 1) return one;
  const how = `${count} × (${one.how})`;
  return { ...one, perMs: times(one.perMs, fraction(count)), perStart: times(one.perStart, fraction(count)), how };
}

/** By what the vendor says of the run, and by nothing else. */
function billedTariff(facts: Metering, billed: Billed): Tariff | Unpriced {
  const rule = serviceRule(facts.providerType, billed.service);
  if (rule === undefined) return unpriced(`no billing rule for ${billed.service} on ${facts.providerType}`);
  if (rule.parts.memory !== undefined && billed.memoryBytes === undefined)
    return unpriced(`how much memory the run had on ${billed.service}`);
  if (rule.parts.vcpu !== undefined) return unpriced(`how many vCPU the run had on ${billed.service}`);
  if (rule.parts.machine !== undefined) return unpriced(`which machine the run had on ${billed.service}`);
  const { starts = 1, billedMs } = billed;
  const made = byRule(
    { ...facts, workload: { ...facts.workload, cpu: 0, memoryBytes: billed.memoryBytes ?? 0 } },
    rule,
  );
  if (made.kind === "unpriced") return made;
  return { ...made, perStart: times(made.perStart, fraction(starts)), ...(billedMs === undefined ? {} : { billedMs }) };
}

function unpriced(missing: string): Unpriced {
  return { kind: "unpriced", missing };
}

function nothing(facts: Metering, how: string): Tariff {
  const currency = facts.currency ?? "USD";
  return { kind: "tariff", currency, perMs: ZERO, perStart: ZERO, incrementMs: 1, minimumMs: 0, how };
}

/** A machine of ours: its hourly price, shared by the CPU asked for; a run never costs more than the machine. */
function machineShare(facts: Metering, price: unknown): Tariff | Unpriced {
  const hourly = parseHourly(price);
  if (!hourly.ok) return unpriced(hourly.message);
  const said = facts.placementOptions.cores;
  const cores = typeof said === "number" ? said : HERE.includes(facts.providerType) ? facts.cores : undefined;
  if (cores === undefined || !(cores > 0))
    return unpriced("how many cores the machine has: say cores under the placement");
  const cpu = Math.min(facts.workload.cpu, cores);
  const share = times(fromNumber(cpu), invert(fromNumber(cores)));
  return {
    kind: "tariff",
    currency: hourly.currency,
    perMs: times(times(fromDecimal(hourly.amount), share), fraction(1, HOUR_MS)),
    perStart: ZERO,
    incrementMs: 1,
    minimumMs: 0,
    how: `${cpu} of ${cores} cores × ${hourly.amount} ${hourly.currency}/h`,
  };
}

function invert(value: Rational): Rational {
  return { n: value.d, d: value.n };
}

interface Part {
  readonly row: PriceRow;
  readonly quantity: Rational;
  readonly says: string;
}

function byRule(facts: Metering, rule: BillingRule): Tariff | Unpriced {
  const parts = partsOf(facts, rule);
  if ("missing" in parts) return parts;
  const currencies = new Set(parts.map(({ row }) => row.currency));
  const [currency] = currencies;
  if (currency === undefined) return unpriced(`no meters for ${rule.service}`);
  if (currencies.size > 1)
    return unpriced(`prices in one currency: ${rule.service} has ${[...currencies].join(" and ")}`);
  const off = facts.book.overrides.discount;
  let perMs = ZERO;
  let perStart = ZERO;
  for (const { row, quantity } of parts) {
    const unit = unitOf(row.unit);
    if (unit === undefined) return unpriced(`how to bill by the ${row.unit} (${row.id})`);
    const full = times(fromDecimal(row.price), quantity);
    const listed = row.source !== "the manifest";
    const cost = listed && off !== undefined ? times(full, plus(fraction(1), fromDecimal(`-${off}`))) : full;
    if (unit.per === "start") perStart = plus(perStart, times(cost, fraction(1, unit.count)));
    else perMs = plus(perMs, times(cost, fraction(1, unit.count)));
  }
  const { incrementMs, minimumMs } = rule;
  const discount = off === undefined ? "" : `, less ${off} of list prices`;
  const how = parts
    .map(({ row, says }) => `${says} × ${row.price} ${row.currency}/${row.unit} [${row.id}]`)
    .join(" + ");
  return { kind: "tariff", currency, perMs, perStart, incrementMs, minimumMs, how: `${how}${discount}` };
}

/** Milliseconds, or starts, that one unit of a price covers. */
function unitOf(unit: string): { readonly per: "ms" | "start"; readonly count: number } | undefined {
  if (unit === "1M requests") return { per: "start", count: 1_000_000 };
  if (unit === "hour" || unit.endsWith("-hour")) return { per: "ms", count: HOUR_MS };
  if (unit === "second" || unit.endsWith("-second")) return { per: "ms", count: 1000 };
  return undefined;
}

function partsOf(facts: Metering, rule: BillingRule): readonly Part[] | Unpriced {
  const { workload, placementOptions, jobOptions, providerType, book } = facts;
  const region = textOption("region", placementOptions) ?? textOption("location", placementOptions);
  const { cpu, memoryBytes } = rentedSize(rule, workload);
  const memory = times(fraction(memoryBytes), fraction(1, rule.memoryUnitBytes));
  const storage = extraStorage(facts, rule);
  if (storage === undefined) return unpriced("ephemeralStorage in a size such as 50GiB");
  const machine = machineType(jobOptions, placementOptions);
  if (rule.parts.machine !== undefined && machine === undefined)
    return unpriced(`the type of machine that ${rule.service} runs on: say instanceType, machineType or vmSize`);
  const wanted: readonly [meter: string | undefined, quantity: Rational, says: string][] = [
    [rule.parts.vcpu, fromNumber(cpu), `${cpu} vCPU`],
    [rule.parts.memory, memory, `${memoryBytes / rule.memoryUnitBytes} GB`],
    [
      storage === 0 ? undefined : rule.parts.storage,
      fraction(storage, rule.memoryUnitBytes),
      `${storage / rule.memoryUnitBytes} GB of storage`,
    ],
    [rule.parts.starts, fraction(1), "1 request"],
    [rule.parts.machine?.replace("*", machine ?? ""), fraction(1), `1 ${machine}`],
  ];
  const parts: Part[] = [];
  for (const [meter, quantity, says] of wanted) {
    if (meter === undefined) continue;
    const row = book.find(providerType, meter, region);
    if (row === undefined)
      return unpriced(`a price of ${meter} in ${region ?? "an unnamed region"}: give one under providers, prices`);
    parts.push({ row, quantity, says });
  }
  return parts;
}

/** Bytes beyond what the service includes; undefined when the option cannot be read. */
function extraStorage(facts: Metering, rule: BillingRule): number | undefined {
  const said = option("ephemeralStorage", facts.jobOptions, facts.placementOptions);
  if (said === undefined || rule.parts.storage === undefined) return 0;
  const match = /^(\d{1,6})\s?GiB$/.exec(String(said));
  const bytes = typeof said === "number" ? said : match ? Number(match[1]) * 2 ** 30 : undefined;
  return bytes === undefined ? undefined : Math.max(0, bytes - (rule.includedStorageBytes ?? 0));
}
