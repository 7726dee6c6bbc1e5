export { CODES, type Code } from "./codes.ts";
export type { Diagnostic, Severity } from "./diagnostic.ts";
export { nearest } from "./nearest.ts";
export {
  hasErrors,
  type RenderOptions,
  renderDiagnostic,
  renderDiagnostics,
  sortDiagnostics,
  strict,
} from "./render.ts";
export { displayWidth, visible } from "./width.ts";
