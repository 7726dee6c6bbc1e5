import { join } from "node:path";
import { priceBook, readOverrides } from "../cost/index.ts";
import type { Clock, JsonObject, Manifest, Random } from "../model/index.ts";
import {
  createRedactor,
  DEFAULT_RETRY,
  ProviderError,
  type Registry,
  withLog,
  withRedaction,
  withRetry,
} from "../provider/index.ts";
import type { Log, OpenPlacement } from "./env.ts";
import { hourlyRate, type RatePlaces } from "./rate.ts";
import { secretValues } from "./secrets.ts";

export interface PlacementsInput {
  readonly manifest: Manifest;
  readonly registry: Registry;
  /** The state folder (`.rota`); each placement keeps what it must in a folder of its own below it. */
  readonly stateDir: string;
  /** The manifest's folder. */
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Placements that hold deployed jobs by the ledger, though no job of the manifest uses them now. */
  readonly holding?: readonly string[];
}

/** Opens the placements that the manifest's jobs, or its environment, use; makes no request to any of them. */
export async function openPlacements(input: PlacementsInput): Promise<Map<string, OpenPlacement>> {
  const { manifest, registry } = input;
  const used = new Set([
    manifest.environment.placement,
    ...manifest.jobs.map((j) => j.placement),
    ...(input.holding ?? []),
  ]);
  const redact = createRedactor(await secretValues(manifest, input.env, input.baseDir));
  const open = new Map<string, OpenPlacement>();
  for (const placement of manifest.placements) {
    if (!used.has(placement.name)) continue;
    const load = Object.hasOwn(registry, placement.type) ? registry[placement.type] : undefined;
    if (!load) {
      throw new ProviderError(
        "unsupported",
        `providers.${placement.name}: there is no provider of type "${placement.type}"`,
        {
          fix: `use one of ${Object.keys(registry).sort().join(", ")}`,
        },
      );
    }
    const module = await load();
    const prices = pricesOf(placement.name, placement.type, placement.options);
    const adapter = await module.open({
      placement: placement.name,
      options: ownOptions(placement.options),
      namespace: manifest.namespace,
      environment: manifest.environment.name,
      stateDir: join(input.stateDir, "placements", placement.name),
      baseDir: input.baseDir,
      clock: input.clock,
      random: input.random,
      env: input.env,
      hourlyNanos: hourlyRate({ type: placement.type, options: placement.options, prices }),
      log: withRedaction(input.log, redact),
    });
    // A failed call is tried again where that is safe, and no secret's value leaves in an error or a log line.
    const provider = withLog(
      withRetry(adapter, DEFAULT_RETRY, input.clock, input.random),
      input.log,
      input.clock,
      redact,
    );
    open.set(placement.name, { provider, options: placement.options, prices });
  }
  requireScopes(open);
  return open;
}

/** Each of two placements that cover the same would plan to delete what the other holds. */
function requireScopes(open: ReadonlyMap<string, OpenPlacement>): void {
  const seen = new Map<string, string>();
  for (const [name, { provider }] of open) {
    if (provider.scope === undefined) continue;
    const other = seen.getOrInsert(`${provider.type} ${provider.scope}`, name);
    if (other === name) continue;
    const what = `providers.${other} and providers.${name} are the same place (${provider.scope})`;
    throw new ProviderError("invalid", `${what}: each would take the other's jobs for its own`, {
      fix: "give these jobs one placement; another region or environment may have one of its own",
    });
  }
}

/** What every placement may say, and the engine reads; the adapter sees the rest. */
const COMMON = new Set(["price", "prices", "cores", "onExit"]);

function ownOptions(options: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !COMMON.has(key)));
}

export async function closePlacements(placements: ReadonlyMap<string, OpenPlacement>): Promise<void> {
  for (const { provider } of placements.values()) await provider.close();
}

/** What the manifest's placements ask for time, with none of them opened. Prices that cannot be read are none. */
export function ratePlaces({ placements, currency }: Manifest, cores: number): RatePlaces {
  return new Map(
    placements.map(({ name, type, options }) => {
      const { mistakes, overrides } = readOverrides(type, options);
      const [first] = mistakes;
      return [
        name,
        first === undefined
          ? { type, options, prices: priceBook(overrides), cores, currency }
          : {
              kind: "unpriced",
              missing: `a price that can be read: providers.${name}.${first.path}: ${first.message}`,
            },
      ];
    }),
  );
}

function pricesOf(name: string, type: string, options: OpenPlacement["options"]): OpenPlacement["prices"] {
  const read = readOverrides(type, options);
  const first = read.mistakes[0];
  if (first)
    throw new ProviderError("invalid", `providers.${name}.${first.path}: ${first.message}`, { fix: first.fix });
  return priceBook(read.overrides);
}
