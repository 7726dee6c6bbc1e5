import { statusView, todayView } from "../../query/index.ts";
import type { RouteGroup } from "../context.ts";
import { answers, ref } from "../schemas/index.ts";

export const statusRoutes: RouteGroup = (app, context) => {
  app.get(
    "/api/status",
    {
      config: { access: "read" },
      schema: { summary: "The daemon, what runs, today, budgets", response: answers(ref("Status"), "The status") },
    },
    async () => {
      const live = await context.control.status();
      const { timezone, environment } = context.views();
      const { graceMs } = context.views();
      const about = { ledger: context.ledger, zone: timezone, environment, now: context.clock.now() };
      const today = await todayView(graceMs ? { ...about, graceMs } : about);
      return statusView(live, { pid: process.pid, version: context.version, timezone }, today.counts);
    },
  );
  app.get(
    "/openapi.json",
    {
      config: { access: "open" },
      schema: { summary: "This document", response: answers({ type: "object" }, "OpenAPI 3.1") },
    },
    async () => app.swagger(),
  );
};
