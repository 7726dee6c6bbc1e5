import type { Instant } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { CONTAINER } from "./naming.ts";

/** A line that a container wrote, as Log Analytics has it (Container Apps, "Log storage and monitoring options"). */
export interface ConsoleLine {
  /** RFC 3339, to 100 ns. */
  readonly time: string;
  readonly text: string;
  readonly stream: "stdout" | "stderr";
}

export interface ConsoleQuery {
  readonly execution: string;
  /** At or after this time, as it was answered before; absent: from the beginning. */
  readonly since?: string;
  readonly until?: Instant;
  /** The last so many; absent: the first `MOST_LINES`. */
  readonly last?: number;
}

/** An answer has at most 500,000 rows and 64 MB; a page here is far below. */
export const MOST_LINES = 20_000;

interface Result {
  readonly tables?: readonly {
    readonly columns?: readonly { readonly name?: string }[];
    readonly rows?: readonly (readonly unknown[])[];
  }[];
}

/** Lines of one execution, oldest first. Undefined where the table is not there yet: nothing was ever written. */
export async function readConsole(
  api: Api,
  workspace: string,
  { execution, since, until, last }: ConsoleQuery,
  signal: AbortSignal | undefined,
): Promise<readonly ConsoleLine[] | undefined> {
  const query = [
    "ContainerAppConsoleLogs_CL",
    // A replica is named after its execution.
    `| where ContainerGroupName_s startswith '${execution}-'`,
    `| where ContainerName_s == '${CONTAINER}'`,
    ...(since === undefined ? [] : [`| where TimeGenerated >= datetime(${since})`]),
    ...(until === undefined ? [] : [`| where TimeGenerated <= datetime(${timeText(until)})`]),
    "| project TimeGenerated, Log_s, Stream_s",
    `| top ${last ?? MOST_LINES} by TimeGenerated ${last === undefined ? "asc" : "desc"}`,
    "| order by TimeGenerated asc",
  ].join("\n");
  try {
    return linesOf(await api.query<Result>(`/v1${workspace}/query`, { query }, signal));
  } catch (error) {
    // "Failed to resolve table": Azure makes it with the first line.
    if (error instanceof ProviderError && error.code === "invalid" && /resolve table|SEM0100/i.test(error.message))
      return undefined;
    throw error;
  }
}

function linesOf({ tables = [] }: Result): readonly ConsoleLine[] {
  const [{ columns = [], rows = [] } = {}] = tables;
  const at = (name: string): number => columns.findIndex((column) => column.name === name);
  const [time, text, stream] = [at("TimeGenerated"), at("Log_s"), at("Stream_s")];
  return rows.map((row) => ({
    time: String(row[time] ?? ""),
    text: String(row[text] ?? ""),
    stream: row[stream] === "stderr" ? "stderr" : "stdout",
  }));
}

/** To the millisecond, as datetime() takes it. */
export function timeText(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: "millisecond" });
}
