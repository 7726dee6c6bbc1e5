export * from "./common.ts";
export * from "./runs.ts";
export * from "./status.ts";
export * from "./views.ts";
