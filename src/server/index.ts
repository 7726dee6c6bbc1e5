export { createMetrics, type Metrics } from "./metrics.ts";
export type { LogOptions, LogSource, PageAsset, ServerOptions, ViewSettings } from "./options.ts";
export type { ProblemObject } from "./problem.ts";
export { type RunningServer, ServerError, startServer } from "./start.ts";
export { beatToken, readOrCreateToken, TokenError } from "./token.ts";
