import { DAY, HOUR, type Instant, MINUTE } from "../../src/model/index.ts";
import { inParallel, next, ProviderError } from "../../src/provider/index.ts";
import type { Api, Execution } from "./api/index.ts";
import { isEnded, jobOf, timeOf } from "./execution-state.ts";
import type { Owner } from "./naming.ts";
import { type GcpOptions, parentOf } from "./options.ts";
import { RUN_PAGE } from "./resources/world.ts";

type Signal = AbortSignal | undefined;
/** No task of Cloud Run takes longer, so nothing older still runs; an hour more, for what has to end. */
const LONGEST_MS = 7 * DAY + HOUR;
/** Creation times are not promised to come in order: what is newer than this is read again each time. */
const OVERLAP_MS = 10 * MINUTE;

/** What is known of this owner's executions: all that were created since `from`, as they were when last seen. */
interface Known {
  readonly from: Instant;
  readonly newest: Instant;
  readonly own: ReadonlyMap<string, Execution>;
}

/**
 * Executions as Cloud Run lists them: newest first, those of everybody in the region in one listing, and no filter. So
 * what has been read is remembered, and a round asks for what came since, and again for what had not ended.
 */
export class Executions {
  readonly #api: Api;
  readonly #owner: Owner;
  readonly #options: GcpOptions;
  #known: Known | undefined;

  constructor(api: Api, owner: Owner, options: GcpOptions) {
    this.#api = api;
    this.#owner = owner;
    this.#options = options;
  }

  /** Ours that had not ended before `since`, complete; and, as it happens, some that had. */
  async since(since: Instant, signal: Signal): Promise<readonly Execution[]> {
    const from = since - LONGEST_MS;
    const known = this.#known !== undefined && this.#known.from <= from ? this.#known : undefined;
    const after = known === undefined ? from : Math.max(from, known.newest - OVERLAP_MS);
    const fresh = await this.createdAfter("-", after, signal);
    const own = new Map(fresh.filter((each) => this.#isOurs(each)).map((each) => [each.name ?? "", each]));
    const older = [...(known?.own ?? [])].filter(
      ([name, each]) => !own.has(name) && (!isEnded(each) || (timeOf(each.createTime) ?? from) >= from),
    );
    const open = older.filter(([, each]) => !isEnded(each)).map(([name]) => name);
    for (const [name, each] of older) if (isEnded(each)) own.set(name, each);
    for (const each of await inParallel(open, (name) => this.#again(name, signal)))
      if (each) own.set(each.name ?? "", each);
    const times = fresh.map((each) => timeOf(each.createTime) ?? 0);
    const newest = times.reduce((a, b) => Math.max(a, b), known?.newest ?? from);
    this.#known = { from: known === undefined ? from : Math.max(known.from, from), newest, own };
    return [...own.values()];
  }

  /** Of one Cloud Run job, or of all (`-`), whoever's; newest first at Google, so that nobody reads further than needed. */
  async createdAfter(job: string, after: Instant, signal: Signal): Promise<readonly Execution[]> {
    const parent = `${parentOf(this.#options)}/jobs/${job}`;
    const found: Execution[] = [];
    const seen = new Set<string>();
    for (let token: string | undefined; ; ) {
      const page = await this.#page({ parent, pageSize: RUN_PAGE, ...next("pageToken", token) }, signal);
      const executions = page.executions ?? [];
      found.push(...executions.filter((each) => (timeOf(each.createTime) ?? after) >= after));
      const oldest = timeOf(executions.at(-1)?.createTime);
      token = page.nextPageToken ?? "";
      if (token === "" || (oldest !== undefined && oldest < after)) return found;
      if (seen.has(token)) throw new ProviderError("unavailable", "the same page came twice");
      seen.add(token);
    }
  }

  #isOurs(execution: Execution): boolean {
    return jobOf(execution, this.#owner) !== undefined;
  }

  /** One that was deleted with its job is gone. */
  async #again(name: string, signal: Signal): Promise<Execution | undefined> {
    try {
      return await this.#api.send("run:GetExecution", { name }, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  /** Of a job that is not there, there are no executions. */
  async #page(
    request: { readonly parent: string; readonly pageSize: number; readonly pageToken?: string },
    signal: Signal,
  ): Promise<{ readonly executions?: readonly Execution[] | null; readonly nextPageToken?: string | null }> {
    try {
      return await this.#api.send("run:ListExecutions", request, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return {};
      throw error;
    }
  }
}
