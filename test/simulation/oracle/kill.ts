import type { GuardLimits, Limit } from "../../../src/model/index.ts";
import { type Span, touches } from "../faults.ts";
import { CLOUD } from "../manifest.ts";
import { CORES, PRICES } from "../rig.ts";
import type { Facts, Told } from "./facts.ts";
import { type Doing, firstBreach, knownShare, quietSince, refute } from "./truth.ts";

/** Limits that conclude from silence: what was not watched is no silence. */
const SILENT: readonly Limit[] = ["idle", "heartbeat"];
/** A daemon counts as up from here on before it says so: reading a slow ledger takes its time. */
const BOOT_MS = 120_000;
const NATIVE_PACE_MS = 15_000;

export function examineKills(facts: Facts): void {
  examineOrder(facts);
  examineOthers(facts);
  examineBlast(facts);
  for (const told of facts.told.values()) {
    for (const judged of told.judged)
      examineVerdict(facts, told, judged.at, judged.event.breaches, judged.event.action);
    examineAction(facts, told);
  }
  examineViolators(facts);
}

export function doingOf(facts: Facts, told: Told): Doing | undefined {
  const life = facts.lifeOf.get(told.run.run)?.[0];
  if (!life) return undefined;
  const { intervalSeconds } = facts.rig.metrics[life.placement] ?? { intervalSeconds: 60 };
  return { life, stepMs: intervalSeconds * 1000, hourlyNanos: hourlyOf(facts, told) };
}

/** The machine's hourly price, by the share of its cores that the run asked for; a multiple of a nano here. */
export function hourlyOf(facts: Facts, told: Told): bigint | undefined {
  const price = PRICES[told.run.placement];
  const workload = facts.declaredOf(told)?.job.workload;
  if (price === undefined || workload?.kind !== "process") return undefined;
  return (price * BigInt(Math.round(Math.min(workload.cpu, CORES) * 1000))) / BigInt(CORES * 1000);
}

/** K1: what a stop rests on was durable before the request left. */
function examineOrder({ story, told, runOfLife, check }: Facts): void {
  for (const call of story.calls) {
    if (call.method !== "stop" || call.handle === undefined) continue;
    const run = call.run ?? runOfLife.get(call.handle) ?? "";
    const known = told.get(run);
    const order = known?.stopping.find((s) => s.seq <= call.committed && s.event.mode === call.mode);
    check(
      order !== undefined,
      "K1",
      call.at,
      () => `a ${call.mode} stop of ${run || call.handle} left before its record`,
      { run },
    );
    if (order?.event.cause !== "guard") continue;
    const verdict = known?.judged.some((j) => j.seq <= call.committed && j.event.action === "stop");
    check(verdict === true, "K1", call.at, () => `a stop of ${run} left before its verdict was recorded`, { run });
  }
}

/** K7, R1: what is not ours is never stopped. */
function examineOthers({ story, check }: Facts): void {
  const theirs = new Set(story.foreign);
  for (const call of story.calls) {
    if (call.method === "stop")
      check(!theirs.has(call.handle ?? ""), "K7", call.at, () => `somebody else's run ${call.handle} was stopped`);
  }
}

const AUTOMATIC: ReadonlySet<string> = new Set(["guard", "budget", "duplicate"]);

/** K9: automatic stops in any window stay under the limit, over restarts too. */
function examineBlast(facts: Facts): void {
  const { safety } = facts.rig.declared.state.manifest;
  const open = new Set<string>();
  let stops: number[] = [];
  const stopped = new Set<string>();
  for (const { event, at } of facts.story.entries) {
    if (event.type === "run.created") open.add(event.run.run);
    if (event.type === "run.ended") open.delete(event.run);
    if (event.type === "guard.released") stops = [];
    if (event.type !== "run.stopping" || !AUTOMATIC.has(event.cause)) continue;
    if (stopped.has(event.run)) continue;
    stopped.add(event.run);
    stops = [...stops.filter((s) => s > at - safety.perSeconds * 1000), at];
    const limit = Math.max(safety.maxStops, Math.floor(safety.share * open.size + 1e-9));
    facts.check(
      stops.length <= limit,
      "K9",
      at,
      () => `${stops.length} stops within ${safety.perSeconds} s; ${limit} are allowed`,
      { run: event.run },
    );
  }
}

function examineVerdict(
  facts: Facts,
  told: Told,
  at: number,
  breaches: readonly { readonly limit: Limit; readonly observed: string }[],
  action: string,
): void {
  const limits = facts.declaredOf(told)?.job.guard;
  const doing = doingOf(facts, told);
  const { run } = told.run;
  facts.check(limits !== undefined && doing !== undefined, "K2", at, () => `${run} was judged, and never ran`, { run });
  if (!limits || !doing) return;
  for (const { limit, observed } of breaches) {
    const why = refute(doing, limits, limit, at);
    facts.check(
      why === undefined,
      "K2",
      at,
      () => `${run} was judged (${action}) for ${limit} ("${observed}"): ${why}`,
      { run },
    );
    if (SILENT.includes(limit)) examineSilence(facts, { run, limit, at, doing, limits });
  }
}

/** K3, K5, K6: silence is concluded only from samples that are there, of time that was watched. */
function examineSilence(
  facts: Facts,
  verdict: {
    readonly run: string;
    readonly limit: Limit;
    readonly at: number;
    readonly doing: Doing;
    readonly limits: GuardLimits;
  },
): void {
  const { run, limit, at, doing, limits } = verdict;
  const windowMs = ((limit === "idle" ? limits.idleSeconds : limits.heartbeatSeconds) ?? 0) * 1000;
  const { delaySeconds } = facts.rig.metrics[doing.life.placement] ?? { delaySeconds: 0 };
  const share = knownShare(doing, at, windowMs, 3 * doing.stepMs + delaySeconds * 1000 + 30_000);
  facts.check(share >= 0.95, "K3", at, () => `${run} was judged ${limit}, and ${Math.round(share * 100)}% is known`, {
    run,
  });
  const blind = (spans: readonly Span[], invariant: string, what: string): void => {
    for (const span of spans) {
      const ok = span.from >= at || span.to >= at || span.to <= facts.startOf(doing.life) || at - span.to >= windowMs;
      facts.check(ok, invariant, at, () => `${run} was judged ${limit} ${(at - span.to) / 1000} s after ${what}`, {
        run,
      });
    }
  };
  blind(
    facts.down.map((d) => ({ from: d.from, to: d.to - BOOT_MS })),
    "K5",
    "the daemon was started",
  );
  blind(facts.story.freezes, "K5", "the daemon had stood still");
  blind(facts.outages, "K6", "the provider was unreachable");
}

/** K10: limits and protection are those that stood when the run was created. */
function examineAction(facts: Facts, told: Told): void {
  const limits = facts.declaredOf(told)?.job.guard;
  const first = told.stopping[0];
  if (!limits || !first) return;
  const { cause, by } = first.event;
  const { run } = told.run;
  if (cause === "guard") {
    const may = limits.mode === "enforce" && limits.onBreach === "stop" && !limits.protect;
    facts.check(may, "K10", first.at, () => `the guard stopped ${run}, whose limits forbid it`, { run });
    facts.check(
      told.judged.some((j) => j.event.action === "stop"),
      "K1",
      first.at,
      () => `${run} was stopped without a verdict`,
      { run },
    );
  }
  if (cause === "budget")
    facts.check(!limits.protect, "K10", first.at, () => `a budget stopped ${run}, which is protected`, { run });
  if (cause === "person")
    facts.check(
      facts.story.kills.some((k) => k.run === run),
      "K2",
      first.at,
      () => `${run} was stopped for ${by}, who did not ask`,
      { run },
    );
}

/** K11: who breaks a limit ends soon, wherever nothing stood in the way. */
function examineViolators(facts: Facts): void {
  const { story } = facts;
  for (const told of facts.told.values()) {
    const doing = doingOf(facts, told);
    const limits = facts.declaredOf(told)?.job.guard;
    if (!doing || !limits || limits.mode !== "enforce" || limits.onBreach !== "stop" || limits.protect) continue;
    const { life, stepMs } = doing;
    const end = facts.endOf(life).at;
    const breach = firstBreach(doing, limits, Math.min(end, story.endAt));
    if (!breach) continue;
    // Two failed questions in a row let idle windows begin anew, which single faults make likely enough.
    if (breach.limit === "idle" && story.rate > 0) continue;
    const { delaySeconds } = facts.rig.metrics[life.placement] ?? { delaySeconds: 0 };
    const paceMs = life.placement === CLOUD ? NATIVE_PACE_MS : 1000;
    const survives = (life.script.hardSeconds ?? 0) * 1000;
    const allowed =
      2 * (stepMs + paceMs) +
      delaySeconds * 1000 +
      limits.graceSeconds * 1000 +
      paceMs +
      survives +
      10_000 +
      (story.rate > 0 ? 240_000 : 0);
    const [from, to] = [breach.at - breach.windowMs - stepMs - BOOT_MS, breach.at + allowed];
    if (to > story.endAt) continue;
    const trouble = [facts.down, story.freezes, facts.outages, story.disk, facts.held].some((s) =>
      touches(s, from, to),
    );
    if (trouble || (breach.limit === "idle" && quietSince(doing, breach.at) < breach.at - breach.windowMs - 2 * stepMs))
      continue;
    facts.check(
      end <= to,
      "K11",
      breach.at,
      () =>
        `${told.run.run} broke its limit "${breach.limit}" and lived ${(end - breach.at) / 1000} s more (${allowed / 1000} allowed)`,
      { run: told.run.run },
    );
  }
}
