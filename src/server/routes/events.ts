import { Readable } from "node:stream";
import { type RouteGroup, STREAM_MS } from "../context.ts";
import { Problem } from "../problem.ts";
import { object } from "../schemas/index.ts";

/** A reader that takes nothing for this long is let go; it comes back with Last-Event-ID. */
const STALLED_MS = 60_000;

export const eventRoutes: RouteGroup = (app, context) => {
  app.get<{ Querystring: { after?: number } }>(
    "/api/events",
    {
      config: { access: "read" },
      handlerTimeout: STREAM_MS,
      exposeHeadRoute: false,
      schema: {
        summary: "Live events (server-sent): `entry` with the ledger's sequence number as id, `reset` to read all anew",
        description: "Last-Event-ID, or `after`, goes on after that entry without a gap.",
        querystring: object({ "after?": { type: "integer", minimum: 0 } }, { additionalProperties: false }),
        headers: object({ "last-event-id?": { type: "string" } }),
        response: { 200: { description: "Events", content: { "text/event-stream": { schema: { type: "string" } } } } },
      },
    },
    (request, reply) => {
      const after = placeOf(request.headers["last-event-id"], request.query.after);
      const signal = context.streams.open(reply);
      const stream = Readable.from(context.feed.stream(after, signal), { objectMode: false, highWaterMark: 64 * 1024 });
      signal.addEventListener("abort", () => stream.destroy(), { once: true });
      request.raw.socket.setTimeout(STALLED_MS, () => request.raw.socket.destroy());
      reply.header("cache-control", "no-store").header("x-accel-buffering", "no").type("text/event-stream");
      return reply.send(stream);
    },
  );
};

function placeOf(header: string | string[] | undefined, after: number | undefined): number | undefined {
  if (header === undefined || header === "") return after;
  const seq = Number(header);
  if (!Number.isSafeInteger(seq) || seq < 0) throw new Problem(400, "invalid", "Last-Event-ID is not one of ours");
  return seq;
}
