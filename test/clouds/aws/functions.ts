import { randomUUID } from "node:crypto";

/** What the vendor answered: as the front sends it on. */
interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

export interface Invoked {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
}

/** Functions by their names, which moto would want Docker for: they take events, and what they log is the test's to write. */
export class Functions {
  /** Name → what GetFunctionConfiguration adds to the usual. */
  readonly known: Map<string, object> = new Map();
  readonly invoked: Invoked[] = [];

  /** Undefined: the path is none of a function's. */
  answer(path: string, text: string): Answer | undefined {
    const [, arn, call] = /^\/2015-03-31\/functions\/([^/]+)\/(configuration|invocations)$/.exec(path) ?? [];
    if (arn === undefined) return undefined;
    const name = decodeURIComponent(arn).split(":")[6] ?? "";
    const about = this.known.get(name);
    const headers = { "content-type": "application/json", "x-amzn-requestid": randomUUID() };
    if (!about) {
      const error = { ...headers, "x-amzn-errortype": "ResourceNotFoundException" };
      return { status: 404, headers: error, text: JSON.stringify({ Message: `no function ${name}` }) };
    }
    if (call === "configuration") {
      const usual = { FunctionName: name, MemorySize: 128, Timeout: 60, Architectures: ["x86_64"] };
      return { status: 200, headers, text: JSON.stringify({ ...usual, ...about }) };
    }
    this.invoked.push({ id: headers["x-amzn-requestid"], name, payload: JSON.parse(text) as unknown });
    return { status: 202, headers, text: "" };
  }
}

/** What Lambda writes at the end of an attempt, as text. */
export function report(id: string, { ms, megabytes = 128, status = "" }: Reported): string {
  const cut = status === "" ? "" : `\tStatus: ${status}`;
  return `REPORT RequestId: ${id}\tDuration: ${ms - 0.5} ms\tBilled Duration: ${ms} ms\tMemory Size: ${megabytes} MB\tMax Memory Used: 30 MB${cut}`;
}

/** The same as JSON. */
export function reportRecord(id: string, { ms, megabytes = 128, status = "success" }: Reported): string {
  const metrics = { durationMs: ms - 0.5, billedDurationMs: ms, memorySizeMB: megabytes, maxMemoryUsedMB: 30 };
  return JSON.stringify({ time: "", type: "platform.report", record: { requestId: id, metrics, status } });
}

interface Reported {
  readonly ms: number;
  readonly megabytes?: number;
  readonly status?: string;
}
