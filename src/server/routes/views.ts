import type { GroupKey } from "../../cost/index.ts";
import { costView, dayBounds, parseMonth, todayView } from "../../query/index.ts";
import type { RouteGroup } from "../context.ts";
import { Problem } from "../problem.ts";
import { answers, object, ref } from "../schemas/index.ts";

export const viewRoutes: RouteGroup = (app, context) => {
  const read = { access: "read" } as const;
  app.get<{ Querystring: { date?: string } }>(
    "/api/today",
    {
      config: read,
      schema: {
        summary: "The day's sheet: every expected fire and what became of it",
        querystring: object({ "date?": { type: "string", format: "date" } }, { additionalProperties: false }),
        response: answers(ref("Today"), "The sheet"),
      },
    },
    async ({ query: { date } }) => {
      const { timezone, environment, graceMs } = context.views();
      if (date !== undefined && !dayBounds(date, timezone)) throw new Problem(400, "invalid", `${date} is not a date`);
      const about = {
        ledger: context.ledger,
        zone: timezone,
        environment,
        now: context.clock.now(),
        ...(graceMs ? { graceMs } : {}),
      };
      return todayView(date === undefined ? about : { ...about, date });
    },
  );
  app.get<{ Querystring: { month?: string; by?: string } }>(
    "/api/cost",
    {
      config: read,
      schema: {
        summary: "The month's cost: total, budget, forecast, saved, by group",
        querystring: object(
          {
            "month?": { type: "string", description: "2026-11, in UTC; default this month" },
            "by?": {
              type: "string",
              description: "team, job, provider, costCenter, environment or label:KEY, by commas",
            },
          },
          { additionalProperties: false },
        ),
        response: answers(ref("CostReport"), "The report"),
      },
    },
    async ({ query: { month, by = "team" } }) => {
      if (month !== undefined && !parseMonth(month)) {
        throw new Problem(400, "invalid", `${month} is not a month`, "write 2026-11");
      }
      const { currency, budgets, environment, outlook } = context.views();
      return costView({
        ledger: context.ledger,
        now: context.clock.now(),
        by: groupKeys(by),
        currency,
        budgets,
        environment,
        ...(month === undefined ? {} : { month }),
        ...(outlook ? { outlook } : {}),
      });
    },
  );
};

const DIMENSIONS: readonly string[] = ["team", "job", "provider", "costCenter", "environment"];

function groupKeys(by: string): readonly GroupKey[] {
  return by.split(",").map((key) => {
    if (!DIMENSIONS.includes(key) && !/^label:./.test(key)) {
      throw new Problem(
        400,
        "invalid",
        `cost cannot be grouped by ${key}`,
        `use ${DIMENSIONS.join(", ")} or label:KEY`,
      );
    }
    return key as GroupKey;
  });
}
