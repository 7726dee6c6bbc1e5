import type { RunQuery } from "../../ledger/index.ts";
import type { RunStatus } from "../../model/index.ts";
import { parseInstant, runsView, runView } from "../../query/index.ts";
import type { RouteContext, RouteGroup } from "../context.ts";
import { Problem } from "../problem.ts";
import { answers, instant, type JsonSchema, list, object, ref, runStatus, text } from "../schemas/index.ts";

interface RunsQuerystring {
  readonly job?: string;
  readonly since?: string;
  readonly until?: string;
  readonly status?: readonly RunStatus[];
  readonly limit: number;
}

const MOST_RUNS = 1000;

export const idParams: JsonSchema = object({ id: { type: "string", minLength: 1, maxLength: 512 } });

export const noRun = (id: string): Problem =>
  new Problem(404, "notFound", `no run ${id}`, "see the runs with `rota runs`, or GET /api/runs");

export const runRoutes: RouteGroup = (app, context) => {
  const read = { access: "read" } as const;
  app.get<{ Querystring: RunsQuerystring }>(
    "/api/runs",
    {
      config: read,
      schema: {
        summary: "Runs, newest first",
        querystring: object(
          {
            "job?": text,
            "since?": instant,
            "until?": instant,
            "status?": { ...list(runStatus), description: "May be given more than once" },
            "limit?": { type: "integer", minimum: 1, maximum: MOST_RUNS, default: 100 },
          },
          { additionalProperties: false },
        ),
        response: answers(ref("Runs"), "The runs"),
      },
    },
    async ({ query }) => runsView(context.ledger, runQuery(query, context), liveOptions(context)),
  );
  app.get<{ Params: { id: string } }>(
    "/api/runs/:id",
    {
      config: read,
      schema: { summary: "One run", params: idParams, response: answers(ref("RunDetail"), "The run") },
    },
    async ({ params: { id } }) => {
      const run = await runView(context.ledger, id, liveOptions(context));
      if (!run) throw noRun(id);
      return run;
    },
  );
};

export function liveOptions(context: RouteContext): Parameters<typeof runsView>[2] {
  const { liveCost } = context.views();
  return liveCost ? { liveCost } : {};
}

function runQuery(query: RunsQuerystring, context: RouteContext): RunQuery {
  const since = query.since === undefined ? undefined : parseInstant(query.since);
  const until = query.until === undefined ? undefined : parseInstant(query.until);
  return {
    environment: context.views().environment,
    limit: query.limit,
    ...(query.job === undefined ? {} : { job: query.job }),
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}
