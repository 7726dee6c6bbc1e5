export type { LedgerOptions } from "./open.ts";
export { openLedger, openLedgerReader, openMemoryLedger } from "./open.ts";
export * from "./port.ts";
export type { Turn } from "./turn.ts";
