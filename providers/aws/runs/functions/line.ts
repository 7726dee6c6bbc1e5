import type { StartMark } from "../../work/index.ts";

/** What Lambda itself writes into a function's log of one attempt at an invocation, in either of its two formats. */
export type Line =
  | { readonly kind: "start"; readonly id: string }
  | {
      readonly kind: "report";
      readonly id: string;
      readonly durationMs: number;
      readonly billedMs?: number;
      readonly memoryBytes?: number;
      /** `untold`: as text, Lambda says how an attempt ended only when it was cut off. */
      readonly verdict: "succeeded" | "failed" | "untold";
      readonly reason?: string;
    };

/** What finds those lines, and the mark where the function prints it; other lines that it finds are passed over. */
export const SYSTEM_LINES = '?"START RequestId:" ?"REPORT RequestId:" ?"platform.start" ?"platform.report" ?"rota"';

const MIB = 2 ** 20;
const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const START = new RegExp(`^START RequestId: (${ID}) Version: `);
const REPORT = new RegExp(`^REPORT RequestId: (${ID})\\s`);

/** Developer guide, "Working with Lambda function logs"; Telemetry API, `platform.start` and `platform.report`. */
export function readLine(message: string): Line | undefined {
  const start = START.exec(message)?.[1];
  if (start !== undefined) return { kind: "start", id: start };
  const report = REPORT.exec(message)?.[1];
  if (report !== undefined) return readReport(report, message);
  return message.startsWith("{") && message.includes('"platform.') ? readRecord(message) : undefined;
}

function readReport(id: string, message: string): Line {
  const number = (name: string, unit: string): number | undefined => {
    const text = new RegExp(`\\s${name}: ([\\d.]+) ${unit}`).exec(message)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const status = /\sStatus: (\w+)/.exec(message)?.[1];
  const errorType = /\sError Type: (\S+)/.exec(message)?.[1];
  return {
    kind: "report",
    id,
    durationMs: number("Duration", "ms") ?? 0,
    ...billed(number("Billed Duration", "ms"), number("Memory Size", "MB")),
    ...verdictOf(status, errorType),
  };
}

interface PlatformRecord {
  readonly type?: unknown;
  readonly record?: {
    readonly requestId?: unknown;
    readonly status?: unknown;
    readonly errorType?: unknown;
    readonly metrics?: {
      readonly durationMs?: unknown;
      readonly billedDurationMs?: unknown;
      readonly memorySizeMB?: unknown;
    };
  };
}

function readRecord(message: string): Line | undefined {
  const { type, record: { requestId: id, status, errorType, metrics = {} } = {} } = parse(message);
  if (typeof id !== "string") return undefined;
  if (type === "platform.start") return { kind: "start", id };
  if (type !== "platform.report") return undefined;
  return {
    kind: "report",
    id,
    durationMs: numberOf(metrics.durationMs) ?? 0,
    ...billed(numberOf(metrics.billedDurationMs), numberOf(metrics.memorySizeMB)),
    ...verdictOf(textOf(status), textOf(errorType)),
  };
}

function billed(
  billedMs: number | undefined,
  megabytes: number | undefined,
): Partial<Extract<Line, { kind: "report" }>> {
  return {
    ...(billedMs === undefined ? {} : { billedMs }),
    ...(megabytes === undefined ? {} : { memoryBytes: megabytes * MIB }),
  };
}

function verdictOf(
  status: string | undefined,
  errorType: string | undefined,
): Pick<Extract<Line, { kind: "report" }>, "verdict" | "reason"> {
  if (status === undefined) return { verdict: "untold" };
  if (status === "success") return { verdict: "succeeded" };
  const what = status === "timeout" ? "it ran into its time limit at Lambda" : `Lambda says: ${status}`;
  return { verdict: "failed", reason: errorType === undefined ? what : `${what}, ${errorType}` };
}

const MARK = /rota\\*["']?\s*[:=]\s*\\*["']?\{([^{}]*)\}/;

/** Whose start it is, where the function printed what it was given, in whatever quotes. */
export function readPrinted(message: string): StartMark | undefined {
  const inside = MARK.exec(message)?.[1];
  if (inside === undefined) return undefined;
  const member = (name: string): string | undefined =>
    new RegExp(`\\b${name}\\\\*["']?\\s*[:=]\\s*\\\\*["']([^"'\\\\]+)`).exec(inside)?.[1];
  const [namespace, environment, job] = [member("namespace"), member("environment"), member("job")];
  if (namespace === undefined || environment === undefined || job === undefined) return undefined;
  const [run, fire] = [member("run"), member("fire")];
  const own = { namespace, environment, job };
  return { ...own, ...(run === undefined ? {} : { run }), ...(fire === undefined ? {} : { fire }) };
}

function parse(message: string): PlatformRecord {
  try {
    return JSON.parse(message) as PlatformRecord;
  } catch {
    return {};
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
