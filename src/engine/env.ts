import type { PriceBook } from "../cost/index.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Budget, Clock, JsonObject, Random, Run, Safety } from "../model/index.ts";
import type { Provider } from "../provider/index.ts";
import type { Notice } from "./notices/index.ts";
import type { SteadyTime } from "./steady.ts";

export type Log = (level: "debug" | "info" | "warn" | "error", message: string, fields?: JsonObject) => void;

/** A placement of the manifest, opened. */
export interface OpenPlacement {
  readonly provider: Provider;
  /** What the manifest says under `providers.NAME`: the meter reads region and negotiated prices here. */
  readonly options: JsonObject;
  /** List prices with what the placement has negotiated. */
  readonly prices: PriceBook;
}

/** Everything the engine touches of the world, injected: a whole week runs in one process on virtual time. */
export interface EngineEnv {
  readonly clock: Clock;
  /** Made from `clock` by the composition root, which gives it to the ledger too: one time for both. */
  readonly time: SteadyTime;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly placements: ReadonlyMap<string, OpenPlacement>;
  /** The manifest's. */
  readonly currency: string;
  /** Of this machine: what an hourly price of it is shared by. */
  readonly cores: number;
  /** Queues a notice; never blocks, never throws. */
  readonly notify: (notice: Notice) => void;
  readonly log: Log;
  /** Takes secrets out of a text, by value, before it is recorded; absent: there are none. */
  readonly redact?: (text: string) => string;
  /** Further variables for the runs of placements that the daemon itself fires, e.g. their beat address. */
  readonly runEnv?: (run: Run) => Readonly<Record<string, string>>;
  /** Latencies, in seconds, for /metrics. */
  readonly observe?: { readonly dispatchLag: (seconds: number) => void; readonly append: (seconds: number) => void };
  readonly version: string;
  readonly pid: number;
  readonly bootId: string;
}

/** What of the manifest the engine reads besides the deployed jobs; replaced when the file changes. */
export interface EngineSettings {
  readonly namespace: string;
  readonly environment: string;
  readonly safety: Safety;
  readonly budgets: readonly Budget[];
}
