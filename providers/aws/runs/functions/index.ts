export { logGroupOf, nameOf, readFacts } from "./facts.ts";
export { Functions, type ScheduledFunction } from "./functions.ts";
