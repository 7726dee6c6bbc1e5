import type { DescribeExecutionOutput, ExecutionListItem } from "@aws-sdk/client-sfn";
import type { RunHandle } from "../../../src/model/index.ts";
import { next, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { PAGE, type Signal } from "../resources/world.ts";
import { markInput, readInput, type StartMark } from "../work/index.ts";
import type { Seen, Service, StartOrder } from "./service.ts";

const ARN = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:[A-Za-z0-9_-]+:[^\s:]+$/;
/** Of executions that began before a listing's time so many pages are looked through for one that ended after it. */
const MOST_OLD_PAGES = 3;
/** Marks of executions that have been read: an input never changes. */
const MOST_REMEMBERED = 20_000;

/** Executions of a Step Functions state machine (standard: of express ones AWS keeps none). */
export class StateMachines implements Service {
  readonly kind = "stateMachine";
  readonly key = "execution";
  readonly #api: Api;
  readonly #marks = new Map<string, StartMark | undefined>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** Under a name of the run's own: the same start again is the same execution, and after its end an error that says so. */
  async start({ target, mark, token }: StartOrder, signal: Signal): Promise<RunHandle> {
    if (target.kind !== this.kind) throw new ProviderError("internal", "this is no state machine");
    const name = nameOf(token);
    try {
      const { executionArn = "" } = await this.#api.send(
        "sfn:StartExecution",
        { stateMachineArn: target.arn, name, input: JSON.stringify(markInput(target.input, mark)) },
        signal,
      );
      return { execution: executionArn };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.code === "exists") return this.handleOf(target.arn, token);
      if (error.code !== "missing") throw error;
      throw new ProviderError("invalid", `there is no state machine ${target.arn}`, { cause: error });
    }
  }

  handleOf(target: string, token: string): RunHandle {
    return { execution: `${target.replace(":stateMachine:", ":execution:")}:${nameOf(token)}` };
  }

  async list(target: string, since: number, signal: Signal): Promise<readonly Seen[]> {
    const found: ExecutionListItem[] = [];
    let oldPages = 0;
    for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
      const page = await this.#api.send(
        "sfn:ListExecutions",
        { stateMachineArn: target, maxResults: PAGE, ...next("nextToken", token) },
        signal,
      );
      const executions = page.executions ?? [];
      found.push(...executions.filter(({ stopDate }) => stopDate === undefined || stopDate.getTime() >= since));
      // The newest come first; one that runs is on whatever page its start puts it.
      const last = executions.at(-1)?.startDate?.getTime() ?? 0;
      if (last < since) oldPages += 1;
      token = oldPages > MOST_OLD_PAGES ? undefined : page.nextToken;
    }
    const running = await this.#running(target, signal);
    const all = new Map([...found, ...running].map((each) => [each.executionArn ?? "", each]));
    const seen: Seen[] = [];
    for (const [execution, item] of all) {
      const mark = await this.#markOf(execution, signal);
      if (mark) seen.push({ handle: { execution }, mark, life: lifeOf(item) });
    }
    return seen;
  }

  async #running(stateMachineArn: string, signal: Signal): Promise<readonly ExecutionListItem[]> {
    const found: ExecutionListItem[] = [];
    for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
      const request = {
        stateMachineArn,
        statusFilter: "RUNNING",
        maxResults: PAGE,
        ...next("nextToken", token),
      } as const;
      const page = await this.#api.send("sfn:ListExecutions", request, signal);
      found.push(...(page.executions ?? []));
      token = page.nextToken;
    }
    return found;
  }

  async #markOf(execution: string, signal: Signal): Promise<StartMark | undefined> {
    if (this.#marks.has(execution)) return this.#marks.get(execution);
    const { input } = await this.#api.send("sfn:DescribeExecution", { executionArn: execution }, signal);
    const mark = readInput(input);
    if (this.#marks.size >= MOST_REMEMBERED) this.#marks.clear();
    this.#marks.set(execution, mark);
    return mark;
  }

  async read(handle: RunHandle, signal: Signal): Promise<Seen> {
    const executionArn = parse(handle);
    const read = await this.#api.send("sfn:DescribeExecution", { executionArn }, signal);
    return { handle: { execution: executionArn }, mark: readInput(read.input), life: lifeOf(read) };
  }

  async stop(handle: RunHandle, reason: string, signal: Signal): Promise<void> {
    const executionArn = parse(handle);
    await this.#api.send("sfn:StopExecution", { executionArn, error: "rota", cause: reason }, signal);
  }
}

function nameOf(token: string): string {
  return `rota-${token}`;
}

function parse(handle: RunHandle): string {
  const { execution } = handle as { readonly execution?: unknown };
  if (typeof execution !== "string" || !ARN.test(execution))
    throw new ProviderError("invalid", "this is no handle of an execution");
  return execution;
}

function lifeOf(read: Partial<DescribeExecutionOutput>): Seen["life"] {
  const { status, startDate, stopDate, cause, error } = read;
  const startedAt = startDate?.getTime();
  const started = startedAt === undefined ? {} : { startedAt };
  // PENDING_REDRIVE: it has failed, and somebody asked for it to go on.
  if (status === "RUNNING" || status === "PENDING_REDRIVE") return { phase: "running", ...started };
  const outcome = status === "SUCCEEDED" ? "succeeded" : status === "ABORTED" ? "stopped" : "failed";
  const endedAt = stopDate?.getTime();
  const reason = [status === "TIMED_OUT" ? "timed out" : error, cause]
    .filter((text) => text !== undefined && text !== "")
    .join(": ");
  return {
    phase: "ended",
    outcome,
    ...started,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(startedAt === undefined || endedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, endedAt - startedAt) / 1000 }),
    ...(outcome === "succeeded" || reason === "" ? {} : { reason }),
  };
}
