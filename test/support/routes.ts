import type { Access } from "../../src/server/gate.ts";
import { BEARER, JSON_TYPE } from "./server.ts";

export interface RouteCase {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** As in the OpenAPI document. */
  readonly pattern: string;
  readonly access: Access;
  readonly body?: string;
  /** What a good request gets. */
  readonly ok: number;
  /** What the fake Control is asked then. */
  readonly change?: string;
}

const why = JSON.stringify({ reason: "because", by: "Mina" });
const RUN = "nightly-report-202611230900";

/** Every route of the API, each with a request that works. */
export const ROUTES: readonly RouteCase[] = [
  { method: "GET", path: "/livez", pattern: "/livez", access: "open", ok: 200 },
  { method: "GET", path: "/readyz", pattern: "/readyz", access: "open", ok: 200 },
  { method: "GET", path: "/health", pattern: "/health", access: "open", ok: 200 },
  { method: "GET", path: "/openapi.json", pattern: "/openapi.json", access: "open", ok: 200 },
  { method: "GET", path: "/metrics", pattern: "/metrics", access: "read", ok: 200 },
  { method: "GET", path: "/api/status", pattern: "/api/status", access: "read", ok: 200 },
  { method: "GET", path: "/api/runs", pattern: "/api/runs", access: "read", ok: 200 },
  { method: "GET", path: `/api/runs/${RUN}`, pattern: "/api/runs/{id}", access: "read", ok: 200 },
  { method: "GET", path: `/api/runs/${RUN}/explain`, pattern: "/api/runs/{id}/explain", access: "read", ok: 200 },
  {
    method: "GET",
    path: "/api/fires/explain?fire=check-data%2F2026-11-23T05%3A00%2F0",
    pattern: "/api/fires/explain",
    access: "read",
    ok: 200,
  },
  { method: "GET", path: "/api/today", pattern: "/api/today", access: "read", ok: 200 },
  { method: "GET", path: "/api/cost", pattern: "/api/cost", access: "read", ok: 200 },
  { method: "GET", path: "/api/jobs", pattern: "/api/jobs", access: "read", ok: 200 },
  { method: "GET", path: "/api/next", pattern: "/api/next", access: "read", ok: 200 },
  { method: "GET", path: `/api/runs/${RUN}/logs`, pattern: "/api/runs/{id}/logs", access: "private", ok: 200 },
  {
    method: "POST",
    path: "/api/jobs/train-model/run",
    pattern: "/api/jobs/{job}/run",
    access: "change",
    body: "{}",
    ok: 202,
    change: "startRun",
  },
  {
    method: "POST",
    path: `/api/runs/${RUN}/kill`,
    pattern: "/api/runs/{id}/kill",
    access: "change",
    body: why,
    ok: 202,
    change: "kill",
  },
  {
    method: "POST",
    path: "/api/fires/excuse",
    pattern: "/api/fires/excuse",
    access: "change",
    body: JSON.stringify({ fire: "check-data/2026-11-23T05:00/0", reason: "known" }),
    ok: 200,
    change: "excuse",
  },
  {
    method: "POST",
    path: `/api/runs/${RUN}/beat`,
    pattern: "/api/runs/{id}/beat",
    access: "beat",
    body: "{}",
    ok: 200,
    change: "beat",
  },
  {
    method: "POST",
    path: "/api/guard/release",
    pattern: "/api/guard/release",
    access: "change",
    body: why,
    ok: 200,
    change: "releaseGuard",
  },
  {
    method: "POST",
    path: "/api/budgets/churn/release",
    pattern: "/api/budgets/{budget}/release",
    access: "change",
    body: why,
    ok: 200,
    change: "releaseBudget",
  },
];

export const needsToken = ({ access }: RouteCase): boolean => !["open", "read"].includes(access);

/** The headers of a good request of this route. */
export function goodHeaders(route: RouteCase): Record<string, string> {
  return { ...(needsToken(route) ? BEARER : {}), ...(route.body === undefined ? {} : JSON_TYPE) };
}
