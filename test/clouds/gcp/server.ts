import { Metadata, Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { served, serviceNames } from "./protos.ts";

export type Message = Record<string, unknown>;

/** What goes wrong with a request. `lost`: it has its effect, and the connection is cut before the answer. */
export type Fault =
  | {
      readonly kind: "status";
      readonly code: keyof typeof status;
      readonly retryAfterSeconds?: number;
      readonly message?: string;
    }
  | { readonly kind: "lost" }
  /** What was answered to the same request the last time. */
  | { readonly kind: "stale" }
  | { readonly kind: "delay"; readonly ms: number };

export interface Exchange {
  /** `run:ListJobs`. */
  readonly call: string;
  readonly request: Message;
}

/** What a fake service answers: the message, or what the vendor refuses it with. */
export class Refusal extends Error {
  readonly code: keyof typeof status;
  constructor(code: keyof typeof status, message: string) {
    super(message);
    this.code = code;
  }
}

export type Handler = (request: Message) => Message;

/** The official services on a port of their own, each call answered by a handler of that name; makes requests fail. */
export class ProtoServer {
  /** Asked for each request; what it answers goes wrong. */
  fault: (exchange: Exchange) => Fault | undefined = () => undefined;
  readonly exchanges: string[] = [];
  readonly #answers = new Map<string, Message>();
  readonly #server = new Server();
  readonly #handlers: Readonly<Record<string, Handler>>;
  /** Passes virtual time where a fault says so. */
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(handlers: Readonly<Record<string, Handler>>, sleep: (ms: number) => Promise<void>) {
    this.#handlers = handlers;
    this.#sleep = sleep;
    for (const [short, service] of serviceNames) {
      const definition = served[service] as ServiceDefinition;
      const methods = Object.keys(definition).map((method) => [method, this.#method(`${short}:${method}`)] as const);
      this.#server.addService(definition, Object.fromEntries(methods));
    }
  }

  async open(): Promise<string> {
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#server.forceShutdown();
  }

  #method(call: string) {
    return (
      { request }: { readonly request: Message },
      answer: (error: object | null, value?: Message) => void,
    ): void => {
      void this.#serve({ call, request }).then(
        (value) => answer(null, value),
        (error: unknown) => answer(error as object),
      );
    };
  }

  async #serve(exchange: Exchange): Promise<Message> {
    this.exchanges.push(exchange.call);
    const fault = this.fault(exchange);
    if (fault?.kind === "status") throw refused(fault.code, fault.message ?? "injected", fault.retryAfterSeconds);
    if (fault?.kind === "delay") await this.#sleep(fault.ms);
    const key = `${exchange.call} ${JSON.stringify(exchange.request)}`;
    const before = this.#answers.get(key);
    if (fault?.kind === "stale" && before) return before;
    const handler = this.#handlers[exchange.call];
    if (!handler) throw refused("UNIMPLEMENTED", `${exchange.call} is not served`);
    try {
      const answer = structuredClone(handler(exchange.request));
      if (/:(?:Get|List)/.test(exchange.call)) this.#answers.set(key, answer);
      if (fault?.kind === "lost") throw refused("UNAVAILABLE", "the connection was dropped");
      return answer;
    } catch (error) {
      if (error instanceof Refusal) throw refused(error.code, error.message);
      throw error;
    }
  }
}

function refused(code: keyof typeof status, details: string, retryAfterSeconds?: number): object {
  const metadata = new Metadata();
  if (retryAfterSeconds !== undefined) metadata.set("retry-after", String(retryAfterSeconds));
  return { code: status[code], details, metadata };
}
