import type {
  FireDifference,
  Instant,
  ObservedResource,
  Rendering,
  ResourceChange,
  TrialResult,
} from "../model/index.ts";

/** What one job becomes at one placement. */
export interface DesiredRendering {
  readonly job: string;
  readonly rendering: Rendering;
  /** The job accepts that the vendor's fires differ from the manifest's. */
  readonly allowDifferences?: boolean;
}

export interface PlacementInput {
  readonly placement: string;
  /** The adapter's type, `aws`. */
  readonly type: string;
  readonly desired: readonly DesiredRendering[];
  /** Everything there with our mark, complete; absent: nobody looked (`plan --offline`). */
  readonly listed?: readonly ObservedResource[];
  /** A second complete listing, later than the first: only what both show is ever deleted. */
  readonly listedAgain?: readonly ObservedResource[];
}

export interface PlanInput {
  readonly namespace: string;
  readonly environment: string;
  readonly createdAt: Instant;
  /** `destroy` removes all that this namespace owns in the environment; only it may empty anything. */
  readonly purpose?: "apply" | "destroy";
  /** Placements of the manifest, and those that jobs were deployed to before. */
  readonly placements: readonly PlacementInput[];
  /** What new limits would have stopped, from `guard.tryLimits`. */
  readonly trial?: readonly TrialResult[];
}

export interface PlannedChange {
  readonly placement: string;
  /** The adapter's type. */
  readonly provider: string;
  readonly change: ResourceChange;
}

export type RefusalCode =
  /** The provider cannot run the job. */
  | "unsupported"
  /** The vendor's fires differ from the manifest's, and the job does not allow it. */
  | "differs"
  /** Something of somebody else's has the name. */
  | "taken"
  /** Two jobs make the same resource differently, or a listing showed one twice with different content. */
  | "ambiguous"
  /** A resource depends on one that is not there, or on itself. */
  | "dependency"
  /** Nothing is declared, and something is deployed. */
  | "empty";

/** Why a plan must not be applied as it stands. */
export interface PlanRefusal {
  readonly code: RefusalCode;
  readonly placement: string;
  readonly job: string;
  readonly reason: string;
  readonly fix: string;
}

export interface PlanWarning {
  readonly placement: string;
  readonly job: string;
  readonly text: string;
}

export interface PlacementSummary {
  readonly placement: string;
  readonly type: string;
  /** How many complete listings the plan rests on; 0: offline. */
  readonly listings: 0 | 1 | 2;
  /** Resources with our mark that were there. */
  readonly deployed: number;
  readonly desired: number;
}

/** Data through and through: it is saved, read again, and carried out by the engine. */
export interface Plan {
  readonly schema: "rota.savedPlan/1";
  readonly namespace: string;
  readonly environment: string;
  readonly createdAt: Instant;
  readonly purpose: "apply" | "destroy";
  readonly placements: readonly PlacementSummary[];
  /** In the order in which they are carried out: what others depend on first, deletes last and reversed. */
  readonly changes: readonly PlannedChange[];
  readonly warnings: readonly PlanWarning[];
  readonly differences: readonly (FireDifference & { readonly placement: string; readonly allowed: boolean })[];
  readonly refusals: readonly PlanRefusal[];
  readonly trial: readonly TrialResult[];
  /** Over what is wanted and what is there (revisions included), and nothing else: equal means the world has not moved. */
  readonly fingerprint: string;
  /** Over all of the above: a plan file that was edited does not have it. */
  readonly digest: string;
}
