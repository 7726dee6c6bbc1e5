import { type Ledger, LedgerError } from "../../src/ledger/index.ts";
import type { LedgerEvent } from "../../src/model/index.ts";

/** A ledger whose disk is full whenever `refuses` says so of what is to be recorded; reading goes on. */
export function faultyLedger(ledger: Ledger, refuses: (events: readonly LedgerEvent[]) => boolean): Ledger {
  return new Proxy(ledger, {
    get(target, key) {
      if (key === "append")
        return async (events: readonly LedgerEvent[]) => {
          if (refuses(events)) throw new LedgerError("full", "no room");
          return target.append(events);
        };
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
