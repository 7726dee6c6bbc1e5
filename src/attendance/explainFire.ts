import { type Component, DAY, type Entry, fireKey, HOUR, type Instant, parseFireKey } from "../model/index.ts";
import { fires, omitted, resolveLocal } from "../schedule/index.ts";
import { bearing } from "./around.ts";
import type { FireEvidenceInput, FireExplanation, Responsible } from "./explanation.ts";
import type { DeploymentFact, FireFact } from "./shapes.ts";
import { timelineOf } from "./timeline.ts";

type Cause = readonly [component: Component, fix: string];

/** Who answers for a fire that started nothing, by the recorded reason, and what to do. */
const CAUSES: Readonly<Record<string, Cause>> = {
  daemonDown: ["daemon", "keep rota up running as a service; catchUp: all starts more of what was missed"],
  paused: ["daemon", "see why the machine or the daemon stood still: load, disk, suspend (rota status)"],
  clock: ["daemon", "the machine's clock ran through this time twice: check its time service"],
  catchUpCap: ["schedule", "raise the cap of catchUp if late runs are worth starting"],
  catchUpPolicy: ["schedule", "set catchUp: last or all if late runs are worth starting"],
  overlap: ["schedule", "make the job shorter than its period, or set overlap: queue or allow"],
  dependency: ["schedule", "mend the job that it comes after, then start it: rota run"],
  undeployed: ["schedule", "apply the manifest that has the job"],
  held: ["budget", "raise the budget's limit or release it, then start the job: rota run"],
  notSeen: ["provider", "look at the provider whether its schedule is on and its last start failed: rota doctor"],
  unseen: ["provider", "nothing is wrong: look for its runs at the vendor, who tells rota nothing of them"],
  startFailed: ["start", "look at what the provider answered: rota doctor, then rota run"],
};

/** Why a fire started no run. For one that did, explain its run. */
export function explainFire(input: FireEvidenceInput): FireExplanation {
  const found = locate(input);
  const at = found?.at;
  const around = (input.around ?? []).filter((entry) => at === undefined || Math.abs(entry.at - at) <= DAY);
  const placement = found?.deployment.placement;
  const near = bearing(around, placement, input.record?.reason === "held");
  const own = [...around.filter((entry) => isOwn(entry, input.fire, at)), ...driftStanding(input.drifted ?? [], at)];
  return {
    fire: input.fire,
    timeline: timelineOf([...near, ...own], at),
    responsible: input.excuse ? excused(input, found) : answer(input, found),
  };
}

interface Located {
  readonly at: Instant;
  readonly deployment: DeploymentFact;
}

function excused(input: FireEvidenceInput, found: Located | undefined): Responsible {
  const own = answer(input, found);
  return {
    ...own,
    evidence: `${own.evidence}; signed off by ${input.excuse?.by}: ${input.excuse?.reason}`,
    fix: "nothing to do",
  };
}

function answer(input: FireEvidenceInput, found: Located | undefined): Responsible {
  const { record, now } = input;
  if (record?.reason === "notSeen") return notSeen(record, driftStanding(input.drifted ?? [], found?.at));
  if (record && record.outcome !== "started") return byRecord(record);
  if (record?.run !== undefined) {
    return { component: "schedule", evidence: `it started run ${record.run}`, fix: `rota explain ${record.run}` };
  }
  if (!found) return noSuchFire(input);
  if (found.at > now) return { component: "schedule", evidence: "it is still to come", fix: "nothing to do" };
  const down = downAt(input.around ?? [], found.at);
  if (down) {
    return {
      component: "daemon",
      evidence: `${down}; nothing is recorded of the fire`,
      fix: CAUSES.daemonDown?.[1] ?? "",
    };
  }
  return {
    component: "unknown",
    evidence: "its time is past, and neither a run nor a skip nor a miss is recorded",
    fix: "rota status shows whether the daemon runs; rota ledger verify, whether the record is whole",
  };
}

function byRecord({ reason, detail, outcome, count, firstFire, lastFire }: FireFact): Responsible {
  const stretch = count === 1 ? "" : ` (one of ${count}, ${firstFire} to ${lastFire})`;
  const said = detail === undefined || detail === "" ? "no detail is recorded" : detail;
  const cause = reason === undefined ? undefined : CAUSES[reason];
  if (!cause) {
    return {
      component: "unknown",
      evidence: `${outcome}: ${reason ?? said}${stretch}`,
      fix: "rota ledger export shows its entry",
    };
  }
  return { component: cause[0], evidence: `${outcome}, ${reason}: ${said}${stretch}`, fix: cause[1] };
}

/** The vendor started nothing: because of what somebody did to its schedule, where something is known to stand. */
function notSeen(record: FireFact, standing: readonly Entry[]): Responsible {
  const own = byRecord(record);
  const said = standing.flatMap(({ event }) => (event.type === "deployment.drifted" ? [event] : []));
  const [first] = said;
  if (!first) return own;
  const evidence = `${own.evidence}; ${said.map(({ resource, detail }) => `${resource}: ${detail}`).join("; ")}`;
  const component = first.kind === "problem" ? "provider" : "person";
  return { component, evidence, fix: "rota drift shows it, rota apply sets it back; then start the job: rota run" };
}

/** What was said to differ at an instant, or within the hour after it, and had not been restored before. */
function driftStanding(entries: readonly Entry[], at: Instant | undefined): Entry[] {
  if (at === undefined) return [];
  const standing = new Map<string, Entry>();
  for (const entry of entries) {
    const { event } = entry;
    if (event.type === "deployment.restored" && entry.at <= at) {
      for (const key of standing.keys()) if (key.startsWith(`${event.resource} `)) standing.delete(key);
    }
    if (event.type === "deployment.drifted" && entry.at <= at + HOUR)
      standing.set(`${event.resource} ${event.kind}`, entry);
  }
  return [...standing.values()];
}

/** The fire's instant and the deployment that asks for it. */
function locate({ fire, deployments }: FireEvidenceInput): Located | undefined {
  const parts = parseFireKey(fire);
  if (!parts) return undefined;
  for (const deployment of deployments) {
    const { job, slot } = deployment.desired;
    if (job.name !== parts.job) continue;
    const near = nearby(deployment, parts.local);
    if (near === undefined) continue;
    const match = fires(job.schedule, slot, near - DAY, near + DAY).find(
      ({ local, ordinal }) => fireKey(job.name, local, ordinal) === fire,
    );
    if (match && match.at > deployment.since && match.at <= (deployment.until ?? match.at))
      return { at: match.at, deployment };
  }
  return undefined;
}

function nearby({ desired }: DeploymentFact, local: string): Instant | undefined {
  try {
    return resolveLocal(desired.job.schedule.timezone, local);
  } catch {
    return undefined;
  }
}

/** The key names no fire of a schedule in force: a day off, a gap, a time without a deployment, or a slip of the pen. */
function noSuchFire({ fire, deployments }: FireEvidenceInput): Responsible {
  const parts = parseFireKey(fire);
  if (!parts) {
    return {
      component: "unknown",
      evidence: "this is no key of a fire",
      fix: "a key is JOB/2026-11-23T06:00/0: rota today",
    };
  }
  const own = deployments.filter(({ desired }) => desired.job.name === parts.job);
  if (own.length === 0) {
    const evidence = `no deployment of "${parts.job}" is known`;
    return { component: "unknown", evidence, fix: "check the job's name, and that it was applied: rota today" };
  }
  for (const deployment of own) {
    const { job, slot } = deployment.desired;
    const near = nearby(deployment, parts.local);
    if (near === undefined) continue;
    const left = omitted(job.schedule, slot, near - DAY, near + DAY).find(({ local }) => local === parts.local);
    if (left) {
      const fix =
        left.reason === "gap" ? "dst: { gap: shift } runs it after the gap" : "change the calendar or onHoliday";
      return { component: "schedule", evidence: `not a fire: ${left.detail}`, fix };
    }
    const fits = fires(job.schedule, slot, near - DAY, near + DAY).some(({ local }) => local === parts.local);
    if (fits) {
      const evidence = "the schedule names this time, and the job was not deployed then";
      return { component: "schedule", evidence, fix: "rota ledger export shows when it was applied" };
    }
  }
  return {
    component: "unknown",
    evidence: "no schedule of the job in force has this fire",
    fix: `rota next ${parts.job} shows its fires`,
  };
}

/** What the entries say of the daemon at an instant, when they say that none ran. */
function downAt(entries: readonly Entry[], at: Instant): string | undefined {
  const daemon = entries
    .filter(({ event }) => event.type === "daemon.started" || event.type === "daemon.stopped")
    .toSorted((a, b) => a.seq - b.seq);
  const before = daemon.findLast((entry) => entry.at <= at);
  if (before?.event.type === "daemon.stopped") return `the daemon had stopped (${before.event.reason})`;
  // Two starts in a row: the first daemon ended without a word, and nobody knows when.
  return undefined;
}

/** Entries of this fire, and of its job's deployments. */
function isOwn({ event }: Entry, fire: string, at: Instant | undefined): boolean {
  const job = parseFireKey(fire)?.job;
  switch (event.type) {
    case "job.deployed":
      return event.desired.job.name === job;
    case "job.undeployed":
      return event.job === job;
    case "fire.started":
    case "fire.excused":
      return event.fire === fire;
    case "fire.skipped":
    case "fire.missed":
      return event.job === job && at !== undefined && event.from <= at && at <= event.to;
    default:
      return false;
  }
}
