export {
  type ApplyRefusal,
  type ApplyRequest,
  checkApply,
  checkPlacements,
  deleteLimit,
  nextOpening,
  samePlan,
} from "./apply.ts";
export { diffFields } from "./diff.ts";
export { type DriftInput, type DriftItem, drift } from "./drift.ts";
export { type ChangeJson, changeToJson, type PlanJson, type PlanSummary, summary, toJson } from "./json.ts";
export { keyOf as resourceKey } from "./key.ts";
export { plan } from "./plan.ts";
export { type ParsedPlan, parsePlan, savePlan } from "./saved.ts";
export type {
  DesiredRendering,
  PlacementInput,
  PlacementSummary,
  Plan,
  PlanInput,
  PlannedChange,
  PlanRefusal,
  PlanWarning,
  RefusalCode,
} from "./types.ts";
