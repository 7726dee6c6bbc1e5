import type { RouteGroup } from "../context.ts";
import { changeRoutes } from "./changes.ts";
import { deployRoutes } from "./deploy.ts";
import { eventRoutes } from "./events.ts";
import { explainRoutes } from "./explain.ts";
import { healthRoutes } from "./health.ts";
import { jobRoutes } from "./jobs.ts";
import { logRoutes } from "./logs.ts";
import { pageRoutes } from "./page.ts";
import { runRoutes } from "./runs.ts";
import { statusRoutes } from "./status.ts";
import { viewRoutes } from "./views.ts";

/** Every route of the server. A new group is a file here and a line below. */
export const routeGroups: readonly RouteGroup[] = [
  healthRoutes,
  statusRoutes,
  runRoutes,
  explainRoutes,
  logRoutes,
  viewRoutes,
  jobRoutes,
  changeRoutes,
  deployRoutes,
  eventRoutes,
  pageRoutes,
];
