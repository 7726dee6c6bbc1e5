import { OPEN_STATUSES } from "../../../src/model/index.ts";
import { HERE } from "../manifest.ts";
import type { ProviderCall } from "../story.ts";
import type { Facts, Told } from "./facts.ts";
import { iso } from "./fire.ts";

/** What ended in the world is on record after this, once nothing is in the way. */
const SEEN_MS = 180_000;

export function examineRuns(facts: Facts): void {
  examineExecutions(facts);
  examineStarts(facts);
  examineOverlaps(facts);
  examineEpochs(facts);
  for (const told of facts.told.values()) {
    examineRetry(facts, told);
    examineEnd(facts, told);
  }
}

/** F1: one execution a run, and none that nobody recorded. */
function examineExecutions(facts: Facts): void {
  const { story, told, runOfLife, lifeOf, check } = facts;
  const theirs = new Set(story.foreign);
  for (const life of story.executions) {
    if (theirs.has(life.id) || life.startedBy !== "rota") continue;
    const run = runOfLife.get(life.id) ?? "";
    check(told.has(run), "F1", life.acceptedAt, () => `${run || life.id} runs, and was never recorded`, { run });
  }
  for (const [run, lives] of lifeOf) {
    const at = lives.at(-1)?.acceptedAt ?? 0;
    check(lives.length === 1, "F1", at, () => `${run} was executed ${lives.length} times`, { run });
    for (const life of lives) {
      const ended = told.get(run)?.ended[0];
      const end = facts.endOf(life).at;
      if (end < story.endAt - SEEN_MS)
        check(ended !== undefined, "K12", end, () => `${run} ended at ${iso(end)}, and is open on record`, { run });
      else if (ended)
        check(end <= story.endAt, "K12", ended.at, () => `${run} is ${ended.event.status} on record, and lives`, {
          run,
        });
    }
  }
}

/** F4, L4: a start is on record before it leaves, and is looked up before it is sent again. */
function examineStarts({ story, told, rig, check }: Facts): void {
  const tokenMs = (rig.world.startTokenSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const first = new Map<string, ProviderCall>();
  const looked = new Map<string, boolean>();
  for (const call of story.calls) {
    const run = call.run ?? "";
    if (call.method === "find" && call.answered === "none") looked.set(run, true);
    if (call.method !== "start") continue;
    const sent = told.get(run)?.sent[0];
    check(
      sent !== undefined && sent.seq <= call.committed,
      "L4",
      call.at,
      () => `the start of ${run} left before its record`,
      { run },
    );
    const before = first.get(run);
    if (before) {
      check(looked.get(run) === true, "F4", call.at, () => `${run} was sent again without a look`, { run });
      check(
        call.at - before.at < tokenMs,
        "F4",
        call.at,
        () => `${run} was sent again ${(call.at - before.at) / 60_000} min after`,
        { run },
      );
    } else first.set(run, call);
    looked.set(run, false);
  }
}

/** F6: in the world itself, runs of a job that forbids it do not overlap. */
function examineOverlaps(facts: Facts): void {
  const byJob = new Map<string, { run: string; from: number; to: number; policy: string }[]>();
  for (const [run, lives] of facts.lifeOf) {
    const told = facts.told.get(run);
    const life = lives[0];
    if (!life || !told || told.run.placement !== HERE) continue;
    const policy = facts.declaredOf(told)?.job.schedule.overlap ?? "allow";
    const one = { run, from: life.acceptedAt, to: facts.endOf(life).at, policy };
    byJob.set(told.run.job, [...(byJob.get(told.run.job) ?? []), one]);
  }
  for (const [job, runs] of byJob) {
    runs.sort((a, b) => a.from - b.from);
    runs.forEach((later, index) => {
      if (later.policy === "allow") return;
      const earlier = runs.slice(0, index).find((e) => e.policy !== "allow" && e.to > later.from);
      facts.check(
        earlier === undefined,
        "F6",
        later.from,
        () => `${later.run} began while ${earlier?.run} was running (${later.policy})`,
        { run: later.run, job },
      );
    });
  }
}

/** H1: who has been followed by another daemon does nothing more. */
function examineEpochs({ story, check }: Facts): void {
  let epoch = 0;
  for (const { event, at } of story.entries) {
    if (event.type === "daemon.started") {
      check(event.epoch > epoch, "H1", at, () => `a daemon took the epoch ${event.epoch} after ${epoch}`);
      epoch = event.epoch;
    } else if (event.type === "run.judged" || event.type === "run.stopping") {
      check(
        event.epoch === epoch,
        "H1",
        at,
        () => `${event.type} of ${event.run} carries epoch ${event.epoch}, and ${epoch} leads`,
        { run: event.run },
      );
    }
  }
  for (const call of story.calls) {
    const ended = story.lives.find((l) => l.epoch === call.epoch)?.to ?? Number.POSITIVE_INFINITY;
    check(call.at <= ended, "H1", call.at, () => `daemon ${call.epoch}, which was gone, sent ${call.method}`);
  }
}

/** F1: another attempt follows a failure, and nothing else. */
function examineRetry(facts: Facts, told: Told): void {
  const { run, attempt } = told.run;
  if (attempt === 1) return;
  const before = facts.told.get(run.replace(/\.\d+$/, `.${attempt - 1}`));
  const ended = before?.ended[0];
  facts.check(
    ended !== undefined && ended.seq < told.created.seq && ended.event.status === "failed",
    "F1",
    told.created.at,
    () => `${run} follows an attempt that ${ended?.event.status ?? "has not ended"}`,
    { run },
  );
  const most = before && facts.declaredOf(before)?.job.retry.attempts;
  facts.check(
    most === undefined || attempt <= most,
    "F1",
    told.created.at,
    () => `${run} is attempt ${attempt} of ${most}`,
    { run },
  );
}

/** K12: how it ended on record is how it ended. */
function examineEnd(facts: Facts, told: Told): void {
  const { run } = told.run;
  const ended = told.ended[0];
  if (!ended) return;
  const { status, endedAt } = ended.event;
  facts.check(told.ended.length === 1, "K12", ended.at, () => `${run} ended ${told.ended.length} times`, { run });
  facts.check(!OPEN_STATUSES.includes(status), "K12", ended.at, () => `${run} ended ${status}`, { run });
  const life = facts.lifeOf.get(run)?.[0];
  if (!life) {
    facts.check(
      ["failed", "skipped", "killed"].includes(status),
      "K12",
      ended.at,
      () => `${run} never ran, and is ${status}`,
      { run },
    );
    return;
  }
  const end = facts.endOf(life);
  const outcome = life.script.outcome ?? "succeeded";
  const stopped = facts.story.calls.some((c) => c.method === "stop" && c.handle === life.id && c.at <= end.at);
  const may = end.how !== "itself" ? ["killed"] : outcome === "failed" && stopped ? ["failed", "killed"] : [outcome];
  facts.check(
    may.includes(status),
    "K12",
    ended.at,
    () =>
      `${run} is ${status} on record (${ended.event.reason}); it ended ${may.join(" or ")} (${end.how}) at ${iso(end.at)}`,
    { run },
  );
  if (may.includes(status))
    facts.check(
      Math.abs(endedAt - end.at) < 1,
      "K12",
      ended.at,
      () => `${run} ended at ${iso(end.at)}, and ${iso(endedAt)} is recorded`,
      { run },
    );
}
