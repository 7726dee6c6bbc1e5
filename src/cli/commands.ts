import type { Command } from "commander";
import type { ExitCode, World } from "./world.ts";

/** Gives a command its options and its action, which sets the exit code through `exit`, 0 when it says nothing. */
export type DefineCommand = (command: Command, world: World, exit: (code: ExitCode) => void) => void;

export interface CommandRow {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** Ends by itself after Ctrl-C, since it has something to bring to an end; the others end at once. */
  readonly orderly?: true;
  /** A command's own file is read only when that command is asked for: `rota --help` loads none of them. */
  readonly load: () => Promise<DefineCommand>;
}

const DECLARE = "Declare:";
const DEPLOY = "Deploy:";
const RUN = "Run and watch:";
const ACCOUNT = "Account:";
const MORE = "More:";

/** In the order of `rota --help`: from declaring to running to accounting. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "init",
    group: DECLARE,
    summary: "write a commented jobs.yaml to start from; never overwrites",
    load: async () => (await import("./init.ts")).defineInit,
  },
  {
    name: "validate",
    group: DECLARE,
    summary: "check the manifest: every mistake at once, with its place and the mend",
    load: async () => (await import("./validate.ts")).defineValidate,
  },
  {
    name: "schema",
    group: DECLARE,
    summary: "the manifest's JSON Schema, for editors",
    load: async () => (await import("./schema.ts")).defineSchema,
  },
  {
    name: "show",
    group: DECLARE,
    summary: "the merged manifest, each value with where it comes from",
    load: async () => (await import("./show.ts")).defineShow,
  },
  {
    name: "next",
    group: DECLARE,
    summary: "the fires to come, local and UTC, with what DST does to them",
    load: async () => (await import("./next.ts")).defineNext,
  },
  {
    name: "stagger",
    group: DECLARE,
    summary: "level the flexible jobs over the week: peaks, the proof, a heat map; --write keeps the slots",
    load: async () => (await import("./stagger.ts")).defineStagger,
  },
  {
    name: "estimate",
    group: DECLARE,
    summary: "what the manifest will cost in a month, before anything runs",
    load: async () => (await import("./estimate.ts")).defineEstimate,
  },
  {
    name: "plan",
    group: DEPLOY,
    summary: "creates, updates, deletes, with reasons; changes nothing",
    load: async () => (await import("./plan.ts")).definePlan,
  },
  {
    name: "apply",
    group: DEPLOY,
    summary: "carry a plan out: a saved one, or the one it shows and asks about",
    orderly: true,
    load: async () => (await import("./apply.ts")).defineApply,
  },
  {
    name: "drift",
    group: DEPLOY,
    summary: "what is there that rota did not apply, or that someone changed by hand",
    load: async () => (await import("./drift.ts")).defineDrift,
  },
  {
    name: "destroy",
    group: DEPLOY,
    summary: "remove everything this namespace owns in the environment",
    orderly: true,
    load: async () => (await import("./apply.ts")).defineDestroy,
  },
  {
    name: "permissions",
    group: DEPLOY,
    summary: "the least that a placement asks of its vendor, as policies or roles ready to paste",
    load: async () => (await import("./permissions.ts")).definePermissions,
  },
  {
    name: "up",
    group: RUN,
    summary: "the daemon: deploy, run or observe, guard, meter, attend, and serve the page",
    orderly: true,
    load: async () => (await import("./up.ts")).defineUp,
  },
  {
    name: "status",
    group: RUN,
    summary: "one screen: daemon, placements, runs in flight, today, budgets",
    load: async () => (await import("./status.ts")).defineStatus,
  },
  {
    name: "runs",
    group: RUN,
    summary: "runs, the newest first",
    load: async () => (await import("./runs.ts")).defineRuns,
  },
  {
    name: "run",
    group: RUN,
    summary: "start a job now, through its provider",
    orderly: true,
    load: async () => (await import("./run.ts")).defineRun,
  },
  {
    name: "kill",
    group: RUN,
    summary: "stop a run: politely, and after its grace for good",
    load: async () => (await import("./kill.ts")).defineKill,
  },
  {
    name: "logs",
    group: RUN,
    summary: "what a run printed (head and tail are kept)",
    orderly: true,
    load: async () => (await import("./logs.ts")).defineLogs,
  },
  {
    name: "explain",
    group: RUN,
    summary: "what happened to a run or a fire, which component answers for it, and what to do",
    load: async () => (await import("./explain.ts")).defineExplain,
  },
  {
    name: "guard",
    group: RUN,
    summary: "release the guard when it waits for a person",
    load: async () => (await import("./release.ts")).defineGuard,
  },
  {
    name: "today",
    group: ACCOUNT,
    summary: "attendance: every expected fire of the day, and what became of it",
    load: async () => (await import("./today.ts")).defineToday,
  },
  {
    name: "cost",
    group: ACCOUNT,
    summary: "what a month cost: by team, job or label, against budgets, and what the guard saved",
    load: async () => (await import("./cost.ts")).defineCost,
  },
  {
    name: "budget",
    group: ACCOUNT,
    summary: "release the jobs that a budget holds",
    load: async () => (await import("./release.ts")).defineBudget,
  },
  {
    name: "ledger",
    group: ACCOUNT,
    summary: "the record itself: check its chain, or write it out",
    load: async () => (await import("./ledger.ts")).defineLedger,
  },
  {
    name: "doctor",
    group: MORE,
    summary: "credentials, permissions, quotas, clock, store, versions: what is wrong, and the mend",
    load: async () => (await import("./doctor.ts")).defineDoctor,
  },
  {
    name: "completion",
    group: MORE,
    summary: "completion of commands, options, jobs and runs for bash, zsh or fish",
    load: async () => (await import("./completion.ts")).defineCompletion,
  },
];
