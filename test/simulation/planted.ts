import type { EngineEnv } from "../../src/engine/index.ts";
import type { Ledger } from "../../src/ledger/index.ts";
import type { Clock } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { CODE_BUGS } from "./planted/code.ts";
import { STORE_BUGS } from "./planted/store.ts";
import { WORLD_BUGS } from "./planted/world.ts";

/** A defect put into the system on purpose, outside of its code: what the oracle must see. */
export interface Planted {
  readonly name: string;
  /** Any of these invariants may be the one that shows it. */
  readonly breaks: readonly string[];
  readonly ledger?: (ledger: Ledger) => Ledger;
  readonly provider?: (provider: Provider) => Provider;
  readonly env?: (env: EngineEnv, clock: Clock) => EngineEnv;
  /** A killed daemon goes on working. */
  readonly undead?: boolean;
  /** Changes the code in memory; answers how to change it back. */
  readonly patch?: () => () => void;
}

export const PLANTED: readonly Planted[] = [...WORLD_BUGS, ...STORE_BUGS, ...CODE_BUGS];
