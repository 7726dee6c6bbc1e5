export { runCli } from "./program.ts";
export type { Shell, World } from "./world.ts";
