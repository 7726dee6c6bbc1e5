import type { EventOf } from "../model/index.ts";
import type { Responsible, RunEvidence } from "./explanation.ts";
import { bySignal, failedRun, took } from "./failure.ts";
import { lastOf, newest, said } from "./latest.ts";
import { breachText, stopComponent } from "./timeline.ts";

/** Names one component for where the run stands, on what the entries show and nothing else. */
export function responsibleFor(evidence: RunEvidence): Responsible {
  const { run } = evidence;
  switch (run.status) {
    case "succeeded":
      return { component: "workload", evidence: `it succeeded${took(run)}`, fix: "nothing to do" };
    case "queued":
      return waiting(evidence);
    case "starting":
      return starting(evidence);
    case "running":
      return running(evidence);
    case "killed":
      return killed(evidence);
    case "lost":
      return {
        component: "provider",
        evidence: said(evidence) ?? "the provider does not say how it ended",
        fix: `look for it at ${run.placement}; it may have done its work, so rota does not start it again by itself: rota run ${run.job} when it did not`,
      };
    case "skipped":
      return {
        component: lastOf(evidence, "run.ended")?.component ?? "schedule",
        evidence: said(evidence) ?? "it was skipped, and the record does not say why",
        fix: `mend what it names, then: rota run ${run.job}`,
      };
    case "failed":
      return failedRun(evidence);
  }
}

function killed(evidence: RunEvidence): Responsible {
  const { run } = evidence;
  const stop = unstoppable(evidence) ? undefined : lastOf(evidence, "run.stopping");
  if (!stop) {
    const end = lastOf(evidence, "run.ended");
    if (run.signal !== undefined) return bySignal(evidence, run.signal);
    return {
      component: end?.component ?? "unknown",
      evidence: `${said(evidence) ?? "it was stopped"}; no stop by rota ${unstoppable(evidence) ? "reached it" : "is recorded"}`,
      fix: `see who stopped it at ${run.placement}`,
    };
  }
  const component = stopComponent(stop.cause);
  const by = `${stop.by}: ${stop.reason}`;
  switch (stop.cause) {
    case "guard":
      return byGuard(evidence, stop);
    case "person":
      return { component, evidence: `stopped by ${by}`, fix: `ask ${stop.by}; start it again: rota run ${run.job}` };
    case "budget":
      return {
        component,
        evidence: `stopped by the budget: ${stop.reason}`,
        fix: "raise the budget's limit, or wait for its next period",
      };
    case "overlap":
      return {
        component,
        evidence: `the next fire replaced it (overlap: replace): ${stop.reason}`,
        fix: "make it shorter than its period, or set overlap: queue or skip",
      };
    case "duplicate":
      return {
        component,
        evidence: stop.reason,
        fix: "nothing to do: vendors deliver a start at least once, and sometimes twice; the first run is the fire's",
      };
    case "shutdown":
      return { component, evidence: `the daemon was shut down: ${by}`, fix: `start it again: rota run ${run.job}` };
  }
}

/** The provider's last word on a stop, where it is that it has none. */
function unstoppable(evidence: RunEvidence): EventOf<"run.unstoppable"> | undefined {
  const word = newest(evidence, ({ type }) => type === "run.unstoppable" || type === "run.stoppable");
  return word?.type === "run.unstoppable" ? word : undefined;
}

function byGuard(evidence: RunEvidence, stop: EventOf<"run.stopping">): Responsible {
  const judged = lastOf(evidence, "run.judged", ({ action }) => action === "stop");
  const breaches = judged?.breaches ?? [];
  if (breaches.length === 0) {
    return {
      component: "guard",
      evidence: `${stop.reason}; the verdict itself is not at hand`,
      fix: "look at the limits under the job's guard",
    };
  }
  return {
    component: "guard",
    evidence: breaches.map((breach) => `limit ${breachText(breach)}`).join("; "),
    fix: [...new Set(breaches.map(({ advice }) => advice))].join(" "),
  };
}

function waiting(evidence: RunEvidence): Responsible {
  const { run } = evidence;
  const note = lastOf(evidence, "run.note");
  if (run.attempt > 1 && run.notBefore !== undefined) {
    return {
      component: "schedule",
      evidence: `attempt ${run.attempt} waits for its back-off after the attempt before failed`,
      fix: `nothing to do, or start one at once: rota run ${run.job}`,
    };
  }
  if (note)
    return { component: note.component, evidence: note.text, fix: "nothing to do unless it stays so: rota status" };
  return {
    component: "unknown",
    evidence:
      "it waits in the queue, and the record does not say for what (another run of the job, or one it comes after)",
    fix: `rota runs --job ${run.job} shows what is open; rota status, whether the daemon runs`,
  };
}

function starting(evidence: RunEvidence): Responsible {
  const { run } = evidence;
  const problem = newest(
    evidence,
    (event) =>
      (event.type === "provider.problem" || event.type === "provider.recovered") && event.placement === run.placement,
  );
  if (problem?.type === "provider.problem") {
    return {
      component: "provider",
      evidence: `${problem.code}: ${problem.message}`,
      fix: `rota doctor checks ${run.placement}`,
    };
  }
  return {
    component: "start",
    evidence: "the request to start it left, and the provider has not confirmed that it runs",
    fix: "nothing to do unless it stays so; rota looks it up before it asks again",
  };
}

function running(evidence: RunEvidence): Responsible {
  const { run } = evidence;
  const stop = lastOf(evidence, "run.stopping");
  const without = unstoppable(evidence);
  if (stop && without) {
    return {
      component: "provider",
      evidence: `it cannot be stopped: ${without.reason} (asked for by ${stop.by}: ${stop.reason})`,
      fix: `it goes on until it ends by itself; see whether ${run.placement} can end it`,
    };
  }
  if (stop) {
    return {
      component: stopComponent(stop.cause),
      evidence: `it is being stopped (${stop.mode}) by ${stop.by}: ${stop.reason}`,
      fix: "nothing to do: the stop is repeated until the provider says that it is gone",
    };
  }
  const judged = lastOf(evidence, "run.judged");
  if (judged) {
    return {
      component: "guard",
      evidence: `it runs, past ${judged.breaches.map(breachText).join("; ")} (${judged.action})`,
      fix: judged.breaches.map(({ advice }) => advice).join(" "),
    };
  }
  return { component: "workload", evidence: "it runs", fix: `nothing to do; rota logs -f ${run.run}` };
}
