import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Actor } from "../engine/index.ts";
import type { Feed } from "./feed.ts";
import type { ServerOptions } from "./options.ts";
import { Problem } from "./problem.ts";

/** What the routes work on. */
export interface RouteContext extends ServerOptions {
  readonly transport: "tcp" | "socket";
  readonly feed: Feed;
  readonly streams: Streams;
}

/** One group of routes; each says its access, its schema and its handler in one place. */
export type RouteGroup = (app: FastifyInstance, context: RouteContext) => void;

/** A stream may last as long as a timer of the system can wait (24.8 days); its reader comes back. */
export const STREAM_MS = 2_147_483_647;

/** Answers that stay open: how many there may be, and their end when the server closes. */
export class Streams {
  readonly #most: number;
  readonly #open = new Set<AbortController>();

  constructor(most: number) {
    this.#most = most;
  }

  /** A signal that aborts when the reader goes or the server closes. Throws Problem 503 past the most. */
  open(reply: FastifyReply): AbortSignal {
    if (this.#open.size >= this.#most) {
      throw new Problem(503, "busy", `${this.#most} streams are open already`, "close a page or a `logs -f`");
    }
    const controller = new AbortController();
    this.#open.add(controller);
    reply.raw.once("close", () => {
      this.#open.delete(controller);
      controller.abort();
    });
    return controller.signal;
  }

  closeAll(): void {
    for (const controller of this.#open) controller.abort();
  }
}

/** Who asks. The name is what the caller says, unproved: holders of the token are trusted with it. */
export function actorOf(request: FastifyRequest, context: RouteContext): Actor {
  const via = context.transport === "socket" ? "cli" : request.headers.origin === undefined ? "api" : "dashboard";
  const { by } = (request.body ?? {}) as { readonly by?: string };
  return { name: by ?? (via === "cli" ? "owner of the socket" : "holder of the token"), via };
}
