import type { EntryQuery, LedgerReader } from "../ledger/index.ts";

/** Every entry as one JSON line with its hashes, oldest first: enough to check the chain elsewhere. */
export async function* ledgerExport(ledger: LedgerReader, query: EntryQuery = {}): AsyncGenerator<string> {
  for await (const entry of ledger.entries(query)) yield `${JSON.stringify(entry)}\n`;
}
