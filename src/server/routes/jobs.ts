import { DAY } from "../../model/index.ts";
import { jobsView, nextView, parseInstant } from "../../query/index.ts";
import type { RouteGroup } from "../context.ts";
import { Problem } from "../problem.ts";
import { answers, instant, object, ref, text } from "../schemas/index.ts";

const MOST_FIRES = 1000;
const MOST_DAYS = 400;

export const jobRoutes: RouteGroup = (app, context) => {
  const read = { access: "read" } as const;
  app.get(
    "/api/jobs",
    { config: read, schema: { summary: "The jobs that stand deployed", response: answers(ref("Jobs"), "The jobs") } },
    async () => jobsView(context.ledger, context.clock.now()),
  );
  app.get<{ Querystring: { job?: string; from?: string; to?: string; limit: number } }>(
    "/api/next",
    {
      config: read,
      schema: {
        summary: "The fires to come",
        querystring: object(
          {
            "job?": text,
            "from?": instant,
            "to?": instant,
            "limit?": { type: "integer", minimum: 1, maximum: MOST_FIRES, default: 20 },
          },
          { additionalProperties: false },
        ),
        response: answers(ref("Next"), "The fires"),
      },
    },
    async ({ query }) => {
      const from = (query.from === undefined ? undefined : parseInstant(query.from)) ?? context.clock.now();
      const to = query.to === undefined ? undefined : parseInstant(query.to);
      if (to !== undefined && to - from > MOST_DAYS * DAY) {
        throw new Problem(400, "invalid", `from and to are more than ${MOST_DAYS} days apart`);
      }
      const jobs = (await context.ledger.deployments()).map(({ desired }) => desired);
      if (query.job !== undefined && !jobs.some(({ job }) => job.name === query.job)) {
        throw new Problem(404, "notFound", `no job ${query.job} is deployed`, "see GET /api/jobs");
      }
      const about = { from, limit: query.limit, ...(to === undefined ? {} : { to }) };
      return nextView(jobs, query.job === undefined ? about : { ...about, job: query.job });
    },
  );
};
