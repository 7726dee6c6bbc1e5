import { type SheetRow, sheet } from "../attendance/index.ts";
import { DAY, type Job, parseFireKey } from "../model/index.ts";
import type { EngineContext } from "./context.ts";
import { type Actor, ControlError, type Excused } from "./control.ts";

/** A run may begin so long after its fire, by a queue or by catching up, and be found without its record. */
const AFTERMATH_MS: number = 2 * DAY;
/** Of one job in some days: all. */
const ALL_RUNS = 1_000_000;

type Grace = (placement: string, job: Job) => number;

/**
 * Signs off a fire that did not run, with a name and a reason; the sheet shows both. One that ran needs no excuse and
 * gets none. One that runs, or is to come, may get one in advance: it counts if the fire does not run well.
 */
export async function excuseFire(
  context: EngineContext,
  fire: string,
  reason: string,
  actor: Actor,
  graceMs: Grace,
): Promise<Excused> {
  if (reason.trim() === "") throw new ControlError("invalid", "an excuse needs a reason", 'add --reason "why"');
  const parsed = parseFireKey(fire);
  if (!parsed) {
    throw new ControlError(
      "invalid",
      `"${fire}" is not a fire`,
      "a fire is written JOB/2026-11-23T06:00/0; rota today --json lists them",
    );
  }
  const known = await rowOf(context, { fire, ...parsed }, graceMs);
  if (!known) {
    const ever = { from: 0, to: context.time.now() + 1, job: parsed.job };
    const wasDeployed = (await context.env.ledger.deployments(ever)).length > 0;
    if (!wasDeployed) throw new ControlError("notFound", `no job "${parsed.job}" was ever deployed`);
    throw new ControlError(
      "notFound",
      `"${parsed.job}" has no fire at ${parsed.local}`,
      "rota today --json lists the fires of a day",
    );
  }
  const { state, run } = known;
  if (state === "ran") {
    const why = run === undefined ? "" : `; rota explain ${run} tells of it`;
    throw new ControlError("refused", `${fire} ran: it needs no excuse, and none was recorded`, `nothing to do${why}`);
  }
  await context.recorder.record({
    type: "fire.excused",
    job: parsed.job,
    fire,
    fireAt: known.at,
    by: actor.name,
    reason,
  });
  return { was: state, ...(run === undefined ? {} : { run }) };
}

/** The fire as the day's sheet has it, by the deployments that were in force at its time. */
async function rowOf(
  { env: { ledger }, time }: EngineContext,
  { fire, job, local }: { readonly fire: string; readonly job: string; readonly local: string },
  graceMs: Grace,
): Promise<SheetRow | undefined> {
  // Whatever the zone of its job was: no local time is further from UTC than a day.
  const near = Date.parse(`${local}Z`);
  const [from, to] = [near - DAY, near + DAY];
  const deployments = await ledger.deployments({ job, from, to });
  const records = await ledger.fires({ job, from, to });
  const found = await ledger.runs({ job, since: from, until: to + AFTERMATH_MS, limit: ALL_RUNS });
  const known = new Set(found.map(({ run }) => run));
  const others = records.flatMap(({ run }) => (run === undefined || known.has(run) ? [] : [run]));
  const late = await Promise.all(others.map((run) => ledger.run(run)));
  const runs = [...found, ...late.filter((run) => run !== undefined)].sort((a, b) => a.createdAt - b.createdAt);
  const about = sheet({ from, to, now: time.now(), deployments, records, runs, excuses: [], graceMs });
  return about.rows.find((row) => row.fire === fire);
}
