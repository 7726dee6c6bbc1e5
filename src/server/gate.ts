import type { FastifyRequest } from "fastify";
import { Problem } from "./problem.ts";
import { beatToken, sameSecret } from "./token.ts";

/**
 * Who may use a route. `open`: anyone who can reach it. `read`: the same on a loopback address, else the
 * token. `private` (what jobs print) and `change`: the token or the unix socket, always. `beat`: these,
 * or the run's own beat token. A route that says nothing is a `change`.
 */
export type Access = "open" | "read" | "private" | "change" | "beat";

declare module "fastify" {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
  interface FastifyRequest {
    /** The caller holds the token, or came over the unix socket. */
    owner: boolean;
  }
}

export interface GateOptions {
  readonly transport: "tcp" | "socket";
  readonly token: string;
  readonly loopback: boolean;
  /** `name:port` as they may stand in Host, lower case; known once the server listens. */
  readonly hosts: () => ReadonlySet<string>;
}

/**
 * Throws the Problem that keeps this request out; tells whether the caller has proved to be the owner. Looks
 * at the request line and the headers only.
 */
export function admit(request: FastifyRequest, access: Access, options: GateOptions): boolean {
  if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
    throw new Problem(400, "invalid", "the request names no Host");
  }
  if (options.transport === "socket") return true;
  checkHost(request, options.hosts());
  checkOrigin(request, options.hosts());
  checkSite(request, access);
  const given = /^Bearer ([A-Za-z0-9_-]{1,256})$/i.exec(request.headers.authorization ?? "")?.[1];
  const owner = given !== undefined && sameSecret(given, options.token);
  if (owner || access === "open" || (access === "read" && options.loopback)) return owner;
  if (access === "beat" && given !== undefined && isBeatOf(request, given, options.token)) return false;
  throw new Problem(
    401,
    "unauthorized",
    given === undefined ? "this needs the daemon's token" : "that is not the daemon's token",
    "send Authorization: Bearer TOKEN with the content of the token file in the state folder, or use the unix socket",
  );
}

/** DNS rebinding: a page of another name that resolves to this address sends its own name here. */
function checkHost(request: FastifyRequest, hosts: ReadonlySet<string>): void {
  if (hosts.has((request.headers.host ?? "").toLowerCase())) return;
  throw new Problem(
    403,
    "host",
    "this server does not answer to that Host",
    "use the address that `rota up` printed, or name the host in --allow-host",
  );
}

function checkOrigin(request: FastifyRequest, hosts: ReadonlySet<string>): void {
  const origin = request.headers.origin?.toLowerCase();
  if (origin === undefined) return;
  const match = /^https?:\/\/([^/]+)$/.exec(origin);
  if (match && hosts.has(match[1] ?? "")) return;
  throw new Problem(403, "origin", "requests from pages of other origins are refused");
}

/** Browsers say where a request comes from; a link from elsewhere to the page itself is fine. */
function checkSite(request: FastifyRequest, access: Access): void {
  const site = request.headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return;
  if (access === "open" && request.headers["sec-fetch-mode"] === "navigate") return;
  throw new Problem(403, "origin", "requests from pages of other origins are refused");
}

function isBeatOf(request: FastifyRequest, given: string, token: string): boolean {
  const { id } = request.params as { readonly id?: string };
  return id !== undefined && sameSecret(given, beatToken(token, id));
}

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?|localhost)$/i;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** The values of Host that mean this server: the loopback names when it listens there, its own address, and what is allowed by name. */
export function hostNames(host: string, port: number, allowed: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  const own = [host, ...(isLoopback(host) ? ["127.0.0.1", "localhost", "::1"] : [])];
  for (const name of own) {
    const literal = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name.toLowerCase();
    names.add(`${literal}:${port}`);
    if (port === 80) names.add(literal);
  }
  for (const name of allowed) {
    names.add(name.toLowerCase());
    if (!/:\d+$/.test(name)) names.add(`${name.toLowerCase()}:${port}`);
  }
  return names;
}
