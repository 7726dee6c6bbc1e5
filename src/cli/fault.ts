/** The errors that are made for people: their message says all there is to say. */
const TOLD: ReadonlySet<string> = new Set([
  "CommandError",
  "ControlError",
  "LedgerError",
  "ManifestError",
  "ProviderError",
  "ServerError",
  "SocketError",
  "StateError",
  "TokenError",
]);

/** What a person reads of an error: message and mend, and a stack trace only of what should not have happened. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `rota: ${String(error)}`;
  const fix = "fix" in error && typeof error.fix === "string" ? `\n  ${error.fix}` : "";
  const isSystem = "syscall" in error && "code" in error;
  if (TOLD.has(error.name) || fix !== "" || isSystem) return `rota: ${error.message}${fix}`;
  return `rota: this should not have happened; please report it\n${error.stack ?? error.message}`;
}
