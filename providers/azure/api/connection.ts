import type { CloudName } from "../cloud.ts";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

export interface Request {
  readonly method: Method;
  /** From the service's root, query included; or a whole address that ARM gave (a next page, an operation). */
  readonly path: string;
  /** Which service, and so which token. `none`: an address that carries its own signature, which goes out without one. */
  readonly to: "resourceManager" | "logs" | "none";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for an empty body. */
  readonly body: unknown;
}

/** One request and its answer, whatever its status; throws what the SDK throws when there was none. */
export interface Connection {
  send(request: Request, signal?: AbortSignal): Promise<Answer>;
  close(): void;
}

export type Connect = (settings: ConnectionSettings) => Connection;

export interface ConnectionSettings {
  readonly subscription: string;
  readonly cloud: CloudName;
  readonly endpoint?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
