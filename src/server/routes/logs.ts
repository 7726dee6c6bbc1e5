import { Readable } from "node:stream";
import { type LogChunk, ProviderError } from "../../provider/index.ts";
import { type RouteGroup, STREAM_MS } from "../context.ts";
import { Problem } from "../problem.ts";
import { object } from "../schemas/index.ts";
import { idParams, noRun } from "./runs.ts";

interface LogQuerystring {
  readonly follow: boolean;
  readonly tail?: number;
}

const MOST_TAIL_LINES = 100_000;

/** What jobs print may hold anything: it needs the token or the socket, and is plain text to the browser. */
export const logRoutes: RouteGroup = (app, context) => {
  app.get<{ Params: { id: string }; Querystring: LogQuerystring }>(
    "/api/runs/:id/logs",
    {
      config: { access: "private" },
      handlerTimeout: STREAM_MS,
      schema: {
        summary: "The kept output of a run; with follow=1 until it has ended",
        params: idParams,
        querystring: object(
          {
            "follow?": { type: "string", enum: ["0", "1", "false", "true"], default: "0" },
            "tail?": { type: "integer", minimum: 0, maximum: MOST_TAIL_LINES, description: "Only the last lines" },
          },
          { additionalProperties: false },
        ),
        response: { 200: { description: "Output", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
    async ({ params: { id }, query }, reply) => {
      const run = await context.ledger.run(id);
      if (!run) throw noRun(id);
      const signal = context.streams.open(reply);
      const follow = ["1", "true"].includes(String(query.follow));
      const chunks = context.logs(run, {
        follow,
        signal,
        ...(query.tail === undefined ? {} : { tailLines: query.tail }),
      });
      const iterator = chunks[Symbol.asyncIterator]();
      // The first piece is awaited before the headers go: until then a failure can still be a problem.
      const first = await iterator.next().catch((error: unknown) => {
        if (!(error instanceof ProviderError)) throw error;
        const missing = error.code === "missing";
        throw new Problem(missing ? 404 : 503, missing ? "notFound" : "unavailable", error.message, error.fix);
      });
      reply.type("text/plain; charset=utf-8");
      return reply.send(Readable.from(textOf(first, iterator, signal), { objectMode: false }));
    },
  );
};

async function* textOf(
  first: IteratorResult<LogChunk>,
  iterator: AsyncIterator<LogChunk>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    for (let next = first; !next.done && !signal.aborted; next = await iterator.next()) {
      if (next.value.text !== "") yield next.value.text;
    }
  } catch (error) {
    if (!signal.aborted) yield `\n[rota: the output ends here: ${error instanceof Error ? error.message : "failed"}]\n`;
  } finally {
    await iterator.return?.();
  }
}
