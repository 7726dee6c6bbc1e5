import { type Exchange, Refusal, type Reply } from "./exchange.ts";
import { evaluate, resolved, type Scope } from "./expressions.ts";
import type { Shelf } from "./shelf.ts";
import { type Action, type Trigger, workflowProblems } from "./workflow-rules.ts";

type Json = Readonly<Record<string, unknown>>;

interface ActionRun {
  readonly name: string;
  status: "Succeeded" | "Failed" | "Skipped" | "Running";
  readonly startedAt: number;
  readonly body?: unknown;
  readonly statusCode?: number;
}

interface Run {
  readonly name: string;
  readonly workflow: string;
  readonly trigger: string;
  readonly tracking: string;
  readonly startedAt: number;
  endedAt?: number;
  status: "Running" | "Succeeded" | "Failed" | "Cancelled";
  error?: { readonly code: string; readonly message: string };
  readonly actions: ActionRun[];
}

/** A request that a workflow sends, and as whom. */
export interface Sent {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly identity: string | undefined;
  readonly audience: string | undefined;
}

/** Answers what a workflow asks for; undefined: it never answers. */
export type Web = (sent: Sent) => Promise<Reply | undefined>;

/** Microsoft.Logic/workflows, Consumption: definitions, triggers that fire when told to, and actions that are carried out. */
export class LogicApps {
  readonly #shelf: Shelf;
  readonly runs: Map<string, Run> = new Map();
  web: Web = async () => ({ status: 200 });

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  async handle(exchange: Exchange): Promise<Reply> {
    const { method, path, body } = exchange;
    const match = /^(.*\/providers\/Microsoft\.Logic\/workflows\/([^/]+))(\/.*)?$/i.exec(path);
    const [, id = "", name = "", rest = ""] = match ?? [];
    if (rest === "") {
      if (method === "DELETE") return this.#shelf.delete(exchange, false);
      if (method !== "PUT") return { status: 200, body: this.#shelf.read(id) };
      const reply = this.#shelf.put(exchange, workflowProblems(name, body), false);
      this.#shelf.edit(id, (was) => ({
        ...was,
        properties: { ...(was["properties"] as Json), version: String(this.#shelf.now()) },
      }));
      return { ...reply, body: this.#shelf.read(id) };
    }
    this.#shelf.get(id);
    if (rest === "/enable" || rest === "/disable") {
      const state = rest === "/enable" ? "Enabled" : "Disabled";
      this.#shelf.edit(id, (was) => ({ ...was, properties: { ...(was["properties"] as Json), state } }));
      return { status: 200 };
    }
    const callback = /^\/triggers\/([^/]+)\/listCallbackUrl$/.exec(rest);
    if (callback) {
      this.#trigger(id, callback[1] ?? "", "Request");
      return {
        status: 200,
        body: {
          value: `${this.#shelf.origin}/workflows/${name}/triggers/${callback[1]}/paths/invoke?sig=secret&at=${encodeURIComponent(id)}`,
          method: "POST",
        },
      };
    }
    return this.#runsOf(exchange, name, rest);
  }

  /** The workflow's own address, which carries its signature and no token. */
  async invoke({ query, headers, path }: Exchange): Promise<Reply> {
    if (query.get("sig") !== "secret")
      throw new Refusal(401, "DirectApiAuthorizationRequired", "the signature is wrong");
    if (headers["authorization"] !== undefined)
      throw new Refusal(401, "DirectApiInvalidAuthorizationScheme", "two ways to authorize");
    const run = this.#begin(query.get("at") ?? "", path.split("/")[4] ?? "", headers["x-ms-client-tracking-id"]);
    return { status: 202, headers: { "x-ms-workflow-run-id": run.name } };
  }

  /** The recurrence comes to one of its times; undefined when its conditions do not hold, or the workflow is disabled. */
  async fire(id: string, trigger: string): Promise<string | undefined> {
    const { properties } = this.#shelf.read(id) as { readonly properties: { readonly state?: string } };
    if (properties.state !== "Enabled") return undefined;
    const { conditions = [] } = this.#trigger(id, trigger, "Recurrence");
    const scope = { now: this.#shelf.now() };
    if (!conditions.every(({ expression = "" }) => evaluate(expression.slice(1), scope) === true)) return undefined;
    const run = this.#begin(id, trigger, undefined);
    await this.#settled.get(run.name);
    return run.name;
  }

  readonly #settled = new Map<string, Promise<void>>();

  #begin(id: string, trigger: string, tracking: string | undefined): Run {
    const stored = this.#shelf.get(id);
    const name = `0858${String(this.runs.size + 1).padStart(8, "0")}CU00`;
    const run: Run = {
      name,
      workflow: String(stored.body["name"]),
      trigger,
      tracking: tracking ?? `${name}-own`,
      startedAt: this.#shelf.now(),
      status: "Running",
      actions: [],
    };
    this.runs.set(name, run);
    const { definition } = stored.body["properties"] as {
      readonly definition: { readonly actions: Readonly<Record<string, Action>> };
    };
    this.#settled.set(name, this.#carryOut(run, definition.actions));
    return run;
  }

  async #carryOut(run: Run, actions: Readonly<Record<string, Action>>): Promise<void> {
    const ended = await this.#perform(run, actions, undefined);
    if (run.status !== "Running" || !ended) return;
    const failed = run.actions.filter((each) => each.status === "Failed");
    // What an action after it took up is dealt with.
    const dealtWith = new Set(
      Object.values(actions).flatMap((action) =>
        Object.entries(action.runAfter ?? {}).flatMap(([before, states]) =>
          states.includes("Failed") ? [before] : [],
        ),
      ),
    );
    const open = failed.filter((each) => !dealtWith.has(each.name));
    run.status = open.length > 0 ? "Failed" : "Succeeded";
    if (open[0])
      run.error = {
        code: "ActionFailed",
        message: `An action failed. No dependent actions succeeded. (${open[0].name})`,
      };
    run.endedAt = this.#shelf.now();
  }

  /** False when something never answers. */
  async #perform(run: Run, actions: Readonly<Record<string, Action>>, item: unknown): Promise<boolean> {
    const left = new Map(Object.entries(actions));
    const done = new Map<string, ActionRun>();
    while (left.size > 0 && run.status === "Running") {
      const ready = [...left].find(([, { runAfter = {} }]) => Object.keys(runAfter).every((name) => done.has(name)));
      if (!ready) throw new Error("actions that wait for each other");
      const [name, action] = ready;
      left.delete(name);
      const may = Object.entries(action.runAfter ?? {}).every(([before, states]) =>
        states.includes(done.get(before)?.status ?? ""),
      );
      const result = may
        ? await this.#act(run, name, action, item)
        : ({ name, status: "Skipped", startedAt: this.#shelf.now() } as const);
      if (result === undefined) return false;
      done.set(name, result);
      run.actions.push(result);
    }
    return true;
  }

  async #act(run: Run, name: string, action: Action, item: unknown): Promise<ActionRun | undefined> {
    const startedAt = this.#shelf.now();
    const find = (wanted: string): ActionRun | undefined => run.actions.findLast((each) => each.name === wanted);
    const scope: Scope = {
      now: startedAt,
      body: (wanted) => find(wanted)?.body,
      outputs: (wanted) => ({ statusCode: find(wanted)?.statusCode }),
      item,
    };
    const good = (body?: unknown): ActionRun => ({
      name,
      status: "Succeeded",
      startedAt,
      ...(body === undefined ? {} : { body }),
    });
    if (action.type === "Http") {
      const inputs = resolved(action.inputs, scope) as {
        method: string;
        uri: string;
        headers?: Record<string, string>;
        body?: unknown;
        authentication?: { identity?: string; audience?: string };
      };
      const reply = await this.web({
        method: inputs.method,
        uri: inputs.uri,
        headers: inputs.headers ?? {},
        body: inputs.body,
        identity: inputs.authentication?.identity,
        audience: inputs.authentication?.audience,
      });
      if (!reply) return undefined;
      return {
        name,
        status: reply.status < 400 ? "Succeeded" : "Failed",
        startedAt,
        body: reply.body,
        statusCode: reply.status,
      };
    }
    if (action.type === "Query") {
      const { from, where } = action.inputs as { readonly from: string; readonly where: string };
      const all = resolved(from, scope) as readonly unknown[];
      return good(all.filter((each) => evaluate(where.slice(1), { ...scope, item: each }) === true));
    }
    if (action.type === "Foreach") {
      let isGood = true;
      for (const each of resolved(action.foreach, scope) as readonly unknown[]) {
        if (!(await this.#perform(run, action.actions ?? {}, each))) return undefined;
        isGood &&= run.actions.at(-1)?.status === "Succeeded";
      }
      return { name, status: isGood ? "Succeeded" : "Failed", startedAt };
    }
    if (action.type === "If") {
      const { and } = action.expression as { readonly and: readonly { readonly contains: readonly unknown[] }[] };
      const holds = and.every(({ contains }) => {
        const [list, value] = contains.map((each) => resolved(each, scope));
        return (list as readonly unknown[]).includes(value);
      });
      await this.#perform(run, (holds ? action.actions : action.else?.actions) ?? {}, item);
      return good();
    }
    const { runStatus, runError } = resolved(action.inputs, scope) as {
      runStatus: "Failed";
      runError: { code: string; message: string };
    };
    run.status = runStatus;
    run.error = runError;
    run.endedAt = startedAt;
    return good();
  }

  #runsOf(exchange: Exchange, workflow: string, rest: string): Reply {
    const all = [...this.runs.values()].filter((run) => run.workflow === workflow).reverse();
    if (rest === "/runs") {
      const filter = /^clientTrackingId eq '((?:[^']|'')*)'$/.exec(exchange.query.get("$filter") ?? "");
      if (exchange.query.get("$filter") !== null && !filter)
        throw new Refusal(400, "InvalidFilter", String(exchange.query.get("$filter")));
      const wanted = filter?.[1]?.replaceAll("''", "'");
      return this.#shelf.page(exchange, all.filter((run) => wanted === undefined || run.tracking === wanted).map(body));
    }
    const [, , name, verb] = rest.split("/");
    const run = all.find((each) => each.name === name);
    if (!run) throw new Refusal(404, "WorkflowRunNotFound", `no run ${name}`);
    if (verb === "cancel") {
      if (run.status === "Running") Object.assign(run, { status: "Cancelled", endedAt: this.#shelf.now() });
      return { status: 200 };
    }
    if (verb === "actions")
      return this.#shelf.page(
        exchange,
        run.actions.map(({ name: action, status, startedAt, statusCode }) => ({
          name: action,
          properties: {
            status,
            startTime: new Date(startedAt).toISOString(),
            ...(statusCode === undefined ? {} : { code: String(statusCode) }),
          },
        })),
      );
    return { status: 200, body: body(run) };
  }

  #trigger(id: string, name: string, type: string): Trigger {
    const { properties } = this.#shelf.get(id).body as {
      readonly properties: { readonly definition: { readonly triggers: Readonly<Record<string, Trigger>> } };
    };
    const trigger = properties.definition.triggers[name];
    if (trigger?.type !== type) throw new Refusal(404, "WorkflowTriggerNotFound", `no trigger ${name}`);
    return trigger;
  }
}

function body({ name, status, startedAt, endedAt, tracking, trigger, error }: Run): Json {
  return {
    name,
    type: "Microsoft.Logic/workflows/runs",
    properties: {
      status,
      startTime: new Date(startedAt).toISOString(),
      ...(endedAt === undefined ? {} : { endTime: new Date(endedAt).toISOString() }),
      ...(error === undefined ? {} : { code: error.code, error }),
      correlation: { clientTrackingId: tracking },
      trigger: { name: trigger },
    },
  };
}
