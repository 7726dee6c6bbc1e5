import type { Instant } from "../../../src/model/index.ts";
import {
  inParallel,
  type LogChunk,
  ProviderError,
  type RunState,
  type StartRequest,
} from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { resourceName } from "../naming.ts";
import type { Place } from "../place.ts";
import { BY_ROTA, workflowResource } from "../resources/workflow.ts";
import type { Workflows } from "../resources/workflows.ts";
import { readOnce, type Signal } from "../resources/world.ts";
import { timeOf } from "./execution-state.ts";

/** A run of a workflow as ARM has it (Microsoft.Logic, WorkflowRun). */
interface RawRun {
  readonly name?: string;
  readonly properties?: {
    readonly status?: string;
    readonly code?: string;
    readonly startTime?: string;
    readonly endTime?: string;
    readonly error?: { readonly code?: string; readonly message?: string };
    readonly correlation?: { readonly clientTrackingId?: string };
    readonly trigger?: { readonly name?: string };
  };
}

/** One action of a run (Microsoft.Logic, WorkflowRunAction). */
interface RawAction {
  readonly name?: string;
  readonly properties?: {
    readonly status?: string;
    readonly code?: string;
    readonly startTime?: string;
    readonly error?: { readonly code?: string; readonly message?: string };
  };
}

interface Owned {
  readonly id: string;
  readonly job: string;
}

/** The tracking id of rota's own starts: Azure keeps it with the run, and filters by it. */
const TRACKED = "rota:";
const OUTCOMES: Readonly<Record<string, NonNullable<RunState["outcome"]>>> = {
  succeeded: "succeeded",
  failed: "failed",
  timedout: "failed",
  aborted: "failed",
  faulted: "failed",
  cancelled: "stopped",
  skipped: "succeeded",
  ignored: "succeeded",
};

/** Runs of the workflows of `http` and `vm` jobs. */
export class WorkflowRuns {
  readonly #api: Api;
  readonly #place: Place;
  readonly #workflows: Workflows;

  constructor(api: Api, place: Place, workflows: Workflows) {
    this.#api = api;
    this.#place = place;
    this.#workflows = workflows;
  }

  /** By the workflow's own address, which ARM signs; sent once. Whether the run is there already was asked before. */
  async start({ job, run }: StartRequest, signal: Signal): Promise<RunState> {
    const resource = workflowResource({ job }, [], this.#place);
    if (!resource) throw new ProviderError("unsupported", `"${job.name}" is nothing that a Logic App runs`);
    await this.#workflows.ensure(resource, signal);
    const { id } = resource;
    const callback = this.#workflows.path(id, `/triggers/${BY_ROTA}/listCallbackUrl`);
    const signed = await this.#api.change({ method: "POST", path: callback, repeatable: true }, signal);
    const address = (signed.body as { readonly value?: unknown } | undefined)?.value;
    if (typeof address !== "string")
      throw new ProviderError("unavailable", "Azure did not say where to start the workflow");
    const headers = { "x-ms-client-tracking-id": `${TRACKED}${run}` };
    const answer = await this.#api.change(
      { method: "POST", path: address, to: "none", body: {}, headers, repeatable: false },
      signal,
    );
    const name = answer.headers["x-ms-workflow-run-id"];
    const owned = { id, job: job.name };
    const seen = name === undefined ? await this.#findIn(owned, run, signal) : await this.#run(owned, name, signal);
    if (seen) return seen;
    if (name === undefined) throw new ProviderError("unavailable", "Azure did not say what it started");
    return { handle: { workflow: id, run: name }, run, job: job.name, phase: "starting", startedBy: "rota" };
  }

  async find(run: string, job: string | undefined, signal: Signal): Promise<RunState | undefined> {
    const owned = await this.#owned(job, signal);
    const all = await inParallel(owned, (each) => this.#findIn(each, run, signal));
    return all.find((state) => state !== undefined);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const all = await inParallel(await this.#owned(undefined, signal), (owned) => this.#of(owned, "", signal));
    return all.flat().filter((state) => state.phase !== "ended" || (state.endedAt ?? since) >= since);
  }

  async inspect(workflow: string, run: string, signal: Signal): Promise<RunState> {
    const owned = await this.#workflows.owned(workflow, signal, "looks");
    if (!owned)
      throw new ProviderError("missing", `there is no workflow ${workflow} of this namespace and environment`);
    const state = await this.#run({ id: workflow, job: owned.job }, run, signal);
    if (!state) throw new ProviderError("missing", `Azure knows no run ${run} of ${workflow}`);
    return state;
  }

  /** What the workflow waits for is given up; what a server was asked for already goes on there. */
  async stop(workflow: string, run: string, signal: Signal): Promise<void> {
    if ((await this.inspect(workflow, run, signal)).phase === "ended") return;
    const path = this.#workflows.path(workflow, `/runs/${run}/cancel`);
    await this.#api.change({ method: "POST", path, repeatable: true }, signal);
  }

  /** Its actions in the order in which they began, with what each came to; their contents may be secret and are not read. */
  async *steps(workflow: string, run: string, signal: Signal): AsyncIterable<LogChunk> {
    const all = await this.#api.list<RawAction>(this.#workflows.path(workflow, `/runs/${run}/actions`), signal);
    const begun = (action: RawAction): number => timeOf(action.properties?.startTime) ?? Number.POSITIVE_INFINITY;
    for (const action of [...all].sort((a, b) => begun(a) - begun(b))) {
      const { status = "?", code, startTime, error } = action.properties ?? {};
      const at = timeOf(startTime);
      const words = [action.name ?? "?", status, code, error?.message].filter((text) => text !== undefined);
      yield { ...(at === undefined ? {} : { at }), stream: "stdout", text: `${[...new Set(words)].join(" ")}\n` };
    }
  }

  async #owned(job: string | undefined, signal: Signal): Promise<readonly Owned[]> {
    if (job === undefined)
      return (await this.#workflows.runners(signal)).map(({ raw, job: name }) => ({ id: raw.name ?? "", job: name }));
    const owned = await this.#workflows.ownedOf(job, signal);
    return owned ? [{ id: resourceName(this.#place.owner, job), job }] : [];
  }

  async #run({ id, job }: Owned, name: string, signal: Signal): Promise<RunState | undefined> {
    const raw = await readOnce<RawRun>(this.#api, this.#workflows.path(id, `/runs/${name}`), signal, "looks");
    return raw && stateOf(raw, id, job);
  }

  async #findIn(owned: Owned, run: string, signal: Signal): Promise<RunState | undefined> {
    const filter = `&$filter=${encodeURIComponent(`clientTrackingId eq '${TRACKED}${run.replaceAll("'", "''")}'`)}`;
    return (await this.#of(owned, filter, signal)).find((state) => state.run === run);
  }

  async #of({ id, job }: Owned, filter: string, signal: Signal): Promise<readonly RunState[]> {
    try {
      const all = await this.#api.list<RawRun>(this.#workflows.path(id, "/runs", filter), signal);
      return all.map((raw) => stateOf(raw, id, job));
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return [];
      throw error;
    }
  }
}

function stateOf(raw: RawRun, workflow: string, job: string): RunState {
  const { status = "", code, error, startTime, endTime, correlation, trigger } = raw.properties ?? {};
  const tracked = correlation?.clientTrackingId ?? "";
  const run = tracked.startsWith(TRACKED) ? tracked.slice(TRACKED.length) : undefined;
  const outcome = OUTCOMES[status.toLowerCase()];
  const [startedAt, endedAt] = [timeOf(startTime), timeOf(endTime)];
  const words = error?.message ?? error?.code ?? code;
  return {
    handle: { workflow, run: raw.name ?? "" },
    ...(run === undefined ? {} : { run }),
    job,
    phase: outcome ? "ended" : startedAt === undefined ? "starting" : "running",
    ...(outcome === undefined ? {} : { outcome }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(outcome === undefined || endedAt === undefined ? {} : { endedAt }),
    ...(outcome === undefined || startedAt === undefined || endedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, endedAt - startedAt) / 1000 }),
    ...(outcome === undefined || outcome === "succeeded" || words === undefined ? {} : { reason: words }),
    startedBy: run !== undefined ? "rota" : trigger?.name?.startsWith("schedule-") === true ? "schedule" : "person",
  };
}
