import { LedgerError, type LedgerErrorCode } from "./port.ts";

/** SQLite's primary result codes that say more than "it failed": https://sqlite.org/rescode.html */
const CODES: Readonly<Record<number, LedgerErrorCode>> = {
  3: "readOnly",
  5: "busy",
  6: "busy",
  8: "readOnly",
  11: "corrupt",
  13: "full",
  26: "corrupt",
};
/** SQLITE_IOERR_SHMSIZE: the shared-memory file could not grow, which is what a full disk looks like there. */
const SHMSIZE = 4874;

const SYSTEM: Readonly<Record<string, LedgerErrorCode>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "readOnly",
  EACCES: "readOnly",
  EPERM: "readOnly",
};

const WORDS: Readonly<Record<LedgerErrorCode, string>> = {
  full: "no room left for the ledger",
  readOnly: "the ledger may not be written here",
  busy: "the ledger's file was locked for too long",
  locked: "another daemon holds this ledger",
  corrupt: "the ledger's file is damaged, or is not a ledger",
  newer: "the ledger was written by a later version",
  missing: "there is no ledger here yet",
  invalid: "the event cannot be recorded as it is",
  closed: "the ledger is closed",
  io: "the ledger's file could not be read or written",
};

function codeOf(error: unknown): LedgerErrorCode {
  if (!(error instanceof Error)) return "io";
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  if (typeof errcode === "number") return errcode === SHMSIZE ? "full" : (CODES[errcode & 0xff] ?? "io");
  if (code === "ERR_INVALID_STATE") return "closed";
  return typeof code === "string" ? (SYSTEM[code] ?? "io") : "io";
}

/** Any failure of the store as a LedgerError: what it means, then SQLite's or the system's own words. */
export function toLedgerError(error: unknown, path: string): LedgerError {
  if (error instanceof LedgerError) return error;
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  return new LedgerError(code, `${WORDS[code]} (${path}: ${said})`, error);
}

/** Whether the failure is the store's, and not that of one event in the batch. */
export function isStoreFailure(error: unknown): boolean {
  if (error instanceof LedgerError) return error.code !== "invalid";
  return error instanceof Error && ("errcode" in error || "code" in error) && !isEventFailure(error);
}

/** A constraint or a value SQLite cannot bind: the event's fault. 19 is SQLITE_CONSTRAINT, 20 SQLITE_MISMATCH. */
function isEventFailure(error: Error): boolean {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  if (typeof errcode === "number") return [19, 20].includes(errcode & 0xff);
  return code === "ERR_INVALID_ARG_TYPE" || code === "ERR_INVALID_ARG_VALUE" || code === "ERR_OUT_OF_RANGE";
}
