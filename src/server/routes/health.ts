import type { FastifyReply } from "fastify";
import { DAY } from "../../model/index.ts";
import { rfc3339 } from "../../query/index.ts";
import type { RouteContext, RouteGroup } from "../context.ts";
import { answers, ref } from "../schemas/index.ts";

export const healthRoutes: RouteGroup = (app, context) => {
  const open = { access: "open" } as const;
  app.get(
    "/livez",
    { config: open, schema: { summary: "The process answers", response: answers(ref("Done"), "It does") } },
    async () => ({ ok: true }),
  );
  for (const url of ["/readyz", "/health"]) {
    app.get(
      url,
      {
        config: open,
        schema: {
          summary: "Whether the daemon can do its work, and why not",
          response: { ...answers(ref("Ready"), "It can"), ...answers(ref("Ready"), "It cannot: the reasons", 503) },
        },
      },
      (_request, reply) => answerReady(context, reply),
    );
  }
  app.get(
    "/metrics",
    {
      config: { access: "read" },
      schema: {
        summary: "Prometheus' text format",
        response: { 200: { description: "Metrics", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
    async (_request, reply) => {
      const { metrics, clock, ledger, control } = context;
      const now = clock.now();
      const midnight = now - (now % DAY);
      const ended = await ledger.charges({ from: midnight, to: now + 1 });
      const charges = ended.filter(({ from }) => from >= midnight);
      reply.type(metrics?.contentType ?? "text/plain");
      return metrics?.render(await control.status(), charges) ?? "";
    },
  );
};

/**
 * Reasons go to whoever asks: they name what is wrong, and hold no data of jobs, and no words of a provider, which may
 * name an account.
 */
async function answerReady(context: RouteContext, reply: FastifyReply): Promise<unknown> {
  const problems: string[] = [];
  let ready = true;
  try {
    const status = await context.control.status();
    ready = status.ready;
    problems.push(...status.problems);
    for (const { placement, ok, failingSince } of status.placements) {
      if (ok) continue;
      const since = failingSince === undefined ? "" : ` since ${rfc3339(failingSince)}`;
      problems.push(`${placement} cannot be listed${since}: rota status says why`);
    }
  } catch (error) {
    ready = false;
    problems.push(`the engine does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    await context.ledger.runs({ limit: 1 });
  } catch (error) {
    ready = false;
    problems.push(`the ledger cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!ready && problems.length === 0) problems.push("the engine is not ready");
  return reply.code(ready ? 200 : 503).send({ ready, problems });
}
