import { bearing } from "./around.ts";
import type { RunEvidence, RunExplanation } from "./explanation.ts";
import { responsibleFor } from "./responsible.ts";
import { timelineOf } from "./timeline.ts";

/** What happened to a run, in order; and the one component that is to answer for how it stands, with evidence and a next step. */
export function explain(evidence: RunEvidence): RunExplanation {
  const { run, entries, around = [] } = evidence;
  const byBudget = entries.some(({ event }) => event.type === "run.stopping" && event.cause === "budget");
  const near = bearing(around, run.placement, byBudget);
  return {
    run: run.run,
    timeline: timelineOf([...entries, ...near], run.fireAt),
    responsible: responsibleFor({ ...evidence, around: near }),
  };
}
