export { explain } from "./explain.ts";
export { explainFire } from "./explainFire.ts";
export type {
  FireEvidenceInput,
  FireExplanation,
  Responsible,
  RunEvidence,
  RunExplanation,
  TimelineEvent,
} from "./explanation.ts";
export type {
  DeploymentFact,
  Downtime,
  ExcuseFact,
  FireFact,
  FireState,
  OmittedTime,
  Sheet,
  SheetInput,
  SheetRow,
  UnexpectedRun,
} from "./shapes.ts";
export { sheet } from "./sheet.ts";
