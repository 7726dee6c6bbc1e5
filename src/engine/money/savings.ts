import { type Judged, savedByStop, timesAfterBreach } from "../../cost/index.ts";
import { DAY, type EventOf, type LedgerEvent } from "../../model/index.ts";
import type { EngineContext } from "../context.ts";
import type { TrackedRun } from "../state.ts";
import type { Metering } from "./metering.ts";

const LOOK_BACK_MS: number = 365 * DAY;

/**
 * What stopping the run has saved, by the one rule of docs/money.md: from earlier runs of the job that broke
 * the same limit and were let go on. Undefined without such a run: no claim is made.
 */
export async function savedEvent(
  context: EngineContext,
  metering: Metering,
  tracked: TrackedRun,
  ended: EventOf<"run.ended">,
): Promise<LedgerEvent | undefined> {
  if (ended.status !== "killed" || ended.component !== "guard") return undefined;
  const rate = metering.rateOfRun(tracked);
  if (rate === undefined) return undefined;
  const { ledger } = context.env;
  const judged: Judged[] = [];
  const since = context.time.now() - LOOK_BACK_MS;
  for await (const { at, event } of ledger.entries({ job: tracked.run.job, types: ["run.judged"], since })) {
    if (event.type === "run.judged" && event.run !== tracked.run.run) judged.push({ at, event });
  }
  const earlier = await Promise.all([...new Set(judged.map((j) => j.event.run))].map((id) => ledger.run(id)));
  const times = timesAfterBreach(
    earlier.filter((r) => r !== undefined),
    judged,
    [...tracked.brokenLimits],
  );
  const saved = savedByStop(rate, times);
  return saved && { type: "saved", run: tracked.run.run, job: tracked.run.job, amount: saved.amount, rule: saved.rule };
}
