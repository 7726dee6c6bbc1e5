import { type Exchange, Refusal, type Reply } from "./exchange.ts";
import { type Execution, executionBody, lifeOf } from "./lives.ts";
import { jobProblems, startProblems } from "./rules.ts";
import type { Shelf, Stored } from "./shelf.ts";

type Json = Readonly<Record<string, unknown>>;

/** Microsoft.App/jobs: jobs that are made in time, and executions that live by the test's clock. */
export class ContainerApps {
  readonly #shelf: Shelf;
  readonly executions: Map<string, Execution> = new Map();
  #count = 0;
  /** Azure answers a start with its name, or with a location to ask. */
  startAnswers: "name" | "location" = "location";
  /** A start shows in the listing of executions only so much later. */
  listingLagsMs = 0;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  handle(exchange: Exchange): Reply {
    const { method, path, body } = exchange;
    const match = /^(.*\/providers\/Microsoft\.App\/jobs\/([^/]+))(\/.*)?$/i.exec(path);
    const [, id = "", name = "", rest = ""] = match ?? [];
    if (rest === "") {
      if (method === "PUT") return this.#shelf.put(exchange, jobProblems(name, body), true);
      if (method === "DELETE") return this.#shelf.delete(exchange, true);
      return { status: 200, body: this.#shelf.read(id) };
    }
    const job = this.#shelf.get(id);
    if (rest === "/start" && method === "POST") return this.#start(job, body);
    if (rest === "/executions")
      return this.#shelf.page(
        exchange,
        this.#of(name).map((each) => this.#body(each)),
      );
    const execution = /^\/executions\/([^/]+)(\/stop)?$/.exec(rest);
    const found = this.executions.get(execution?.[1] ?? "");
    if (!found || found.job !== name) throw new Refusal(404, "JobExecutionNotFound", `no execution ${rest}`);
    if (execution?.[2] === undefined) return { status: 200, body: this.#body(found) };
    if (lifeOf(found, this.#shelf.now()).endedAt === undefined) found.stoppedAt = this.#shelf.now();
    return this.#shelf.accepted({ status: 200 });
  }

  running(): readonly Execution[] {
    return [...this.executions.values()].filter((each) =>
      /Processing|Running/.test(lifeOf(each, this.#shelf.now()).status),
    );
  }

  /** The job's own trigger, at its minute: Azure names such executions after it. */
  fire(id: string, at: number): Execution {
    const job = this.#shelf.get(id);
    return this.#execution(job, undefined, String(Math.floor(at / 60_000)));
  }

  #start(job: Stored, body: unknown): Reply {
    const problems = startProblems(body);
    if (problems.length > 0) throw new Refusal(400, "InvalidTemplate", problems.join("; "));
    const { id, name } = this.#execution(job, body as Json | undefined, (0xabcde + this.#count).toString(36));
    const result: Reply = { status: 200, body: { id, name } };
    return this.startAnswers === "name" ? result : this.#shelf.accepted(result);
  }

  #execution(job: Stored, template: Json | undefined, suffix: string): Execution {
    const { name, id, properties } = job.body as { name: string; id: string; properties: Json };
    this.#count += 1;
    const { replicaTimeout = 1800 } = properties["configuration"] as { readonly replicaTimeout?: number };
    const execution: Execution = {
      id: `${id}/executions/${name}-${suffix}`,
      name: `${name}-${suffix}`,
      job: name,
      createdAt: this.#shelf.now(),
      template: template ?? (properties["template"] as Json),
      timeoutMs: replicaTimeout * 1000,
    };
    this.executions.set(execution.name, execution);
    return execution;
  }

  #of(job: string): readonly Execution[] {
    const seen = this.#shelf.now() - this.listingLagsMs;
    return [...this.executions.values()].filter((each) => each.job === job && each.createdAt <= seen);
  }

  #body(execution: Execution): Json {
    return executionBody(execution, this.#shelf.now());
  }
}
