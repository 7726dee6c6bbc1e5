import type { JsonObject } from "../model/index.ts";
import rules from "./prices/rules.json" with { type: "json" };

/** How a service bills: data, from prices/rules.json. */
export interface BillingRule {
  readonly service: string;
  readonly provider: string;
  /** Time is rounded up to whole increments, and is never less than the minimum. */
  readonly incrementMs: number;
  readonly minimumMs: number;
  /** The bytes of what the vendor calls a GB or GiB of memory: 2^30 everywhere here. */
  readonly memoryUnitBytes: number;
  /** What is multiplied with what: a meter for each part that is billed. */
  readonly parts: {
    readonly vcpu?: string;
    readonly memory?: string;
    readonly storage?: string;
    readonly starts?: string;
    /** `ec2.*`: the star is the machine's type. */
    readonly machine?: string;
  };
  readonly includedStorageBytes?: number;
  /** What can be rented, the smallest first, where that is coarser than what may be asked for. */
  readonly sizes?: readonly {
    readonly vcpu: number;
    readonly leastBytes: number;
    readonly mostBytes: number;
    /** Memory between the two goes in steps from the least; absent: any. */
    readonly stepBytes?: number;
  }[];
  /** Between which moments the vendor's clock runs. */
  readonly clock: string;
}

const RULES: readonly BillingRule[] = rules;

/** Which service a container runs on when nothing says so, by provider type. */
const USUAL: Readonly<Record<string, string>> = { aws: "fargate", azure: "containerApps", gcp: "cloudRun" };
/** Names under which a service is asked for, where they are not the rule's own. Batch itself costs nothing. */
const ALIASES: Readonly<Record<string, string>> = {
  "aws.ecs": "fargate",
  "aws.batch": "fargate",
  "azure.containerAppsJob": "containerApps",
  "gcp.cloudRunJob": "cloudRun",
  "gcp.batch": "gce",
};
const MACHINE_KEYS: readonly string[] = ["instanceType", "machineType", "vmSize"];

/** What is said for the job, else for the placement. */
export function option(key: string, ...places: readonly (JsonObject | undefined)[]): unknown {
  return places.find((place) => place?.[key] !== undefined)?.[key];
}

export function textOption(key: string, ...places: readonly (JsonObject | undefined)[]): string | undefined {
  const value = option(key, ...places);
  return typeof value === "string" ? value : undefined;
}

/** The type of machine that the run has to itself, when one is named. */
export function machineType(...places: readonly (JsonObject | undefined)[]): string | undefined {
  return MACHINE_KEYS.map((key) => textOption(key, ...places)).find((type) => type !== undefined);
}

/**
 * The rule by which a run is billed, or undefined where none is known: the service that `runner` names, else that of
 * the machine that is named, else the usual one.
 */
export function billingRule(provider: string, ...places: readonly (JsonObject | undefined)[]): BillingRule | undefined {
  const mine = RULES.filter((rule) => rule.provider === provider);
  const find = (service: string): BillingRule | undefined => mine.find((rule) => rule.service === service);
  const runner = textOption("runner", ...places);
  if (runner !== undefined && find(runner) === undefined && ALIASES[`${provider}.${runner}`] === undefined)
    return undefined;
  if (machineType(...places) !== undefined && (runner === undefined || find(runner) === undefined))
    return mine.find((rule) => rule.parts.machine !== undefined);
  const service = ALIASES[`${provider}.${runner}`] ?? runner ?? USUAL[provider] ?? "";
  const arm = /arm/i.test(textOption("architecture", ...places) ?? "");
  return (arm ? find(`${service}-arm`) : undefined) ?? find(service);
}

/** The rule of a service by its own name. */
export function serviceRule(provider: string, service: string): BillingRule | undefined {
  return RULES.find((rule) => rule.provider === provider && rule.service === service);
}

/** Meters of a provider that a manifest may price; `ec2.*` stands for any type of machine. */
export function metersOf(provider: string): readonly string[] {
  return [...new Set(RULES.filter((rule) => rule.provider === provider).flatMap((rule) => Object.values(rule.parts)))];
}

/** What is rented, and billed, for what was asked: the smallest size that holds it, or as asked where there are none. */
export function rentedSize(
  { sizes = [] }: BillingRule,
  asked: { readonly cpu: number; readonly memoryBytes: number },
): { readonly cpu: number; readonly memoryBytes: number } {
  const size = sizes.find(({ vcpu, mostBytes }) => vcpu >= asked.cpu && mostBytes >= asked.memoryBytes);
  if (!size) return asked;
  const { vcpu, leastBytes, stepBytes = 1 } = size;
  const steps = Math.ceil(Math.max(0, asked.memoryBytes - leastBytes) / stepBytes);
  return { cpu: vcpu, memoryBytes: leastBytes + steps * stepBytes };
}
