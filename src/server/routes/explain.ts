import { explainFireView, explainView } from "../../query/index.ts";
import type { RouteContext, RouteGroup } from "../context.ts";
import { Problem } from "../problem.ts";
import { answers, object, ref } from "../schemas/index.ts";
import { idParams, noRun } from "./runs.ts";

const TAIL_LINES = 20;

export const explainRoutes: RouteGroup = (app, context) => {
  const read = { access: "read" } as const;
  app.get<{ Params: { id: string } }>(
    "/api/runs/:id/explain",
    {
      config: read,
      schema: {
        summary: "What happened to a run, the component responsible, what to do",
        description:
          "What the run printed is part of the evidence only for who holds the token or came over the socket.",
        params: idParams,
        response: answers(ref("Explain"), "The explanation"),
      },
    },
    async ({ params: { id }, owner, signal }) => {
      const tail = owner ? await stderrTail(context, id, signal) : undefined;
      const explained = await explainView(context.ledger, id, tail);
      if (!explained) throw noRun(id);
      return explained;
    },
  );
  app.get<{ Querystring: { fire: string } }>(
    "/api/fires/explain",
    {
      config: read,
      schema: {
        summary: "Why a fire started no run, or which run it started",
        querystring: object(
          { fire: { type: "string", minLength: 1, maxLength: 512 } },
          { additionalProperties: false },
        ),
        response: answers(ref("ExplainFire"), "The explanation"),
      },
    },
    async ({ query: { fire } }) => {
      const explained = await explainFireView(context.ledger, fire, context.clock.now());
      if (!explained)
        throw new Problem(400, "invalid", `${fire} is no key of a fire`, "a key is JOB/2026-11-23T06:00/0");
      return explained;
    },
  );
};

/** The last lines of standard error; none when the output cannot be had, for the rest is worth showing without. */
async function stderrTail(context: RouteContext, id: string, signal: AbortSignal): Promise<readonly string[]> {
  const run = await context.ledger.run(id);
  if (!run) return [];
  let text = "";
  try {
    for await (const chunk of context.logs(run, { follow: false, tailLines: TAIL_LINES * 10, signal })) {
      if (chunk.stream === "stderr") text += chunk.text;
    }
  } catch (error) {
    context.log.debug({ err: error, run: id }, "no output for the explanation");
  }
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-TAIL_LINES);
}
