import { appendFile } from "node:fs/promises";
import type { HttpWorkload } from "../../src/model/index.ts";
import { resolveSecrets } from "./environment.ts";
import type { VerdictRecord } from "./folder.ts";
import type { Host, LocalRun } from "./host.ts";
import { readBootId, readStat } from "./proc.ts";

const BODY_BYTES = 1024 * 1024;

/** The HTTP requests that this process has under way. A run of this kind lives no longer than the daemon. */
export class HttpRuns {
  readonly #host: Host;
  readonly #running = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();

  constructor(host: Host) {
    this.#host = host;
  }

  has(run: string): boolean {
    return this.#running.has(run);
  }

  /** Sends the request, once for each run; its outcome lands in the run's folder. */
  async start(target: LocalRun, workload: HttpWorkload): Promise<void> {
    const secrets = await resolveSecrets(this.#host.context, workload.secrets);
    if (!(await target.folder.claim(`${process.pid}\n`))) return;
    const startTicks = readStat(process.pid)?.startTicks ?? 0;
    await target.folder.writeKeeper({ pid: process.pid, startTicks, bootId: readBootId() });
    const abort = new AbortController();
    const done = this.#send(target, { ...workload, headers: { ...workload.headers, ...secrets } }, abort).finally(() =>
      this.#running.delete(target.run),
    );
    this.#running.set(target.run, { abort, done });
  }

  /** Gives the request up; what the other side does with it is not known. */
  async stop(run: string): Promise<boolean> {
    const running = this.#running.get(run);
    running?.abort.abort("stop");
    await running?.done;
    return running !== undefined;
  }

  async close(): Promise<void> {
    for (const running of this.#running.values()) running.abort.abort("close");
    await Promise.all([...this.#running.values()].map((running) => running.done));
  }

  async #send(target: LocalRun, workload: HttpWorkload, abort: AbortController): Promise<void> {
    const { clock, log } = this.#host.context;
    const timer = new AbortController();
    void clock.sleep(workload.timeoutSeconds * 1000, timer.signal).then(() => {
      if (!timer.signal.aborted) abort.abort("timeout");
    });
    let verdict: Omit<VerdictRecord, "at">;
    try {
      verdict = await this.#exchange(target, workload, abort.signal);
    } catch (error) {
      verdict = abort.signal.aborted
        ? whyAborted(abort.signal.reason, workload)
        : { outcome: "failed", reason: words(error) };
    } finally {
      timer.abort();
    }
    try {
      await target.folder.writeVerdict({ ...verdict, at: clock.now() });
    } catch (error) {
      log("error", "the outcome of a request could not be recorded", { run: target.run, error: String(error) });
    }
  }

  async #exchange(target: LocalRun, workload: HttpWorkload, signal: AbortSignal): Promise<Omit<VerdictRecord, "at">> {
    const response = await fetch(workload.url, {
      method: workload.method,
      headers: { ...workload.headers },
      // A redirect is an answer like any other: followed, it would carry the secrets to somebody else.
      redirect: "manual",
      signal,
      ...(workload.body === undefined ? {} : { body: workload.body }),
    });
    await appendFile(target.folder.out, `HTTP ${response.status} ${response.statusText}\n`);
    await this.#keepBody(target, response);
    const { expectStatus } = workload;
    const expected = expectStatus.length === 0 ? response.ok : expectStatus.includes(response.status);
    const reason = `HTTP status ${response.status}`;
    return expected
      ? { outcome: "succeeded", reason }
      : { outcome: "failed", reason: `${reason} is not what is expected` };
  }

  /** All of the answer is awaited, the beginning of it is kept. */
  async #keepBody(target: LocalRun, response: Response): Promise<void> {
    let kept = 0;
    let dropped = 0;
    for await (const chunk of response.body ?? []) {
      const part = chunk.subarray(0, Math.max(0, BODY_BYTES - kept));
      if (part.length > 0) await appendFile(target.folder.out, part);
      kept += part.length;
      dropped += chunk.length - part.length;
    }
    if (dropped > 0)
      await appendFile(target.folder.out, `\n[rota: ${dropped} bytes of the answer were dropped here]\n`);
  }
}

function whyAborted(reason: unknown, workload: HttpWorkload): Omit<VerdictRecord, "at"> {
  if (reason === "timeout") return { outcome: "failed", reason: `no whole answer within ${workload.timeoutSeconds} s` };
  if (reason === "stop") return { outcome: "stopped", reason: "the request was given up on request" };
  return { outcome: "lost", reason: "the daemon ended while it waited for the answer" };
}

/** fetch says "fetch failed" and puts what happened into the cause. */
function words(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
