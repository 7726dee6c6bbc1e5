import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Entry, EventOf, EventType, LedgerEvent, Run } from "../model/index.ts";
import { PROJECTED } from "./schema.ts";

export type Project = (entry: Pick<Entry, "seq" | "at"> & { readonly event: LedgerEvent }) => void;
type Place = Pick<Entry, "seq" | "at">;

/** An end that stands: a later report never turns it into something else (K12). `lost` may still become known. */
const FINAL: readonly Run["status"][] = ["succeeded", "failed", "killed", "skipped"];

/** The statements are prepared once; the function they serve turns one entry into rows of the projections. */
export function projector(db: DatabaseSync): Project {
  const run = runRows(db);
  const fire = fireRows(db);
  const rows = {
    ...deploymentRows(db),
    ...chargeRows(db),
    "run.created": run.create,
    "run.sent": (_: Place, e: EventOf<"run.sent">) =>
      run.change(e.run, (was) => (was.status === "queued" ? { status: "starting" } : {})),
    "run.started": (_: Place, e: EventOf<"run.started">) =>
      run.change(e.run, (was) => ({
        handle: e.handle,
        startedAt: e.startedAt,
        ...(e.billed === undefined ? {} : { billed: e.billed }),
        ...(was.status === "queued" || was.status === "starting" ? { status: "running" } : {}),
      })),
    "run.rented": (_: Place, e: EventOf<"run.rented">) => run.change(e.run, () => ({ rented: e.rented })),
    "run.ended": (_: Place, e: EventOf<"run.ended">) => run.change(e.run, (was) => ended(was, e)),
    "fire.started": (place: Place, e: EventOf<"fire.started">) =>
      fire.add(place.seq, e.job, "started", e.fireAt, e.fireAt, 1, e.fire, e.fire, e.run, null, null),
    "fire.skipped": (place: Place, e: EventOf<"fire.skipped">) => fire.pass(place, "skipped", e),
    "fire.missed": (place: Place, e: EventOf<"fire.missed">) => fire.pass(place, "missed", e),
    "fire.excused": fire.excuse,
  } satisfies { readonly [T in EventType]?: (place: Place, event: EventOf<T>) => void };
  const byType: ReadonlyMap<string, (place: Place, event: never) => void> = new Map(Object.entries(rows));
  return ({ seq, at, event }) => byType.get(event.type)?.({ seq, at }, event as never);
}

function ended(was: Run, e: EventOf<"run.ended">): Partial<Run> {
  if (FINAL.includes(was.status)) return {};
  return {
    status: e.status,
    endedAt: e.endedAt,
    reason: e.reason,
    ...(e.exitCode === undefined ? {} : { exitCode: e.exitCode }),
    ...(e.signal === undefined ? {} : { signal: e.signal }),
    ...(e.billed === undefined ? {} : { billed: e.billed }),
  };
}

function runRows(db: DatabaseSync): {
  create: (place: Place, e: EventOf<"run.created">) => void;
  change: (id: string, patch: (was: Run) => Partial<Run>) => void;
} {
  const insert = db.prepare(
    "INSERT INTO runs (seq, run, job, environment, status, created_at, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO NOTHING",
  );
  const select = db.prepare("SELECT body FROM runs WHERE run = ?");
  const update = db.prepare("UPDATE runs SET status = ?, body = ? WHERE run = ?");
  return {
    // A second run.created under the same id changes nothing: the name is the lock.
    create: ({ seq }, { run: r }) => {
      insert.run(seq, r.run, r.job, r.environment, r.status, r.createdAt, JSON.stringify(r));
    },
    change: (id, patch) => {
      const row = select.get(id);
      if (row === undefined) return;
      const was = JSON.parse(String(row["body"])) as Run;
      const next = { ...was, ...patch(was) };
      update.run(next.status, JSON.stringify(next), id);
    },
  };
}

function fireRows(db: DatabaseSync): {
  add: (...values: readonly SQLInputValue[]) => void;
  pass: (place: Place, outcome: "skipped" | "missed", e: EventOf<"fire.skipped"> | EventOf<"fire.missed">) => void;
  excuse: (place: Place, e: EventOf<"fire.excused">) => void;
} {
  const insert = db.prepare(
    "INSERT INTO fires (seq, job, outcome, from_at, to_at, count, first_fire, last_fire, run, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const excuse = db.prepare(
    "INSERT INTO excuses (seq, job, fire, fire_at, by, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  return {
    add: (...values) => {
      insert.run(...values);
    },
    pass: ({ seq }, outcome, e) => {
      insert.run(seq, e.job, outcome, e.from, e.to, e.count, e.firstFire, e.lastFire, null, e.reason, e.detail);
    },
    excuse: ({ seq, at }, e) => {
      excuse.run(seq, e.job, e.fire, e.fireAt, e.by, e.reason, at);
    },
  };
}

function deploymentRows(db: DatabaseSync): {
  "job.deployed": (place: Place, e: EventOf<"job.deployed">) => void;
  "job.undeployed": (place: Place, e: EventOf<"job.undeployed">) => void;
} {
  const close = db.prepare("UPDATE deployments SET until = ? WHERE job = ? AND placement = ? AND until IS NULL");
  const open = db.prepare(
    "INSERT INTO deployments (seq, job, placement, fingerprint, desired, since) VALUES (?, ?, ?, ?, ?, ?)",
  );
  return {
    "job.deployed": ({ seq, at }, e) => {
      const { name } = e.desired.job;
      close.run(at, name, e.placement);
      open.run(seq, name, e.placement, e.fingerprint, JSON.stringify(e.desired), at);
    },
    "job.undeployed": ({ at }, e) => {
      close.run(at, e.job, e.placement);
    },
  };
}

function chargeRows(db: DatabaseSync): {
  charge: (place: Place, e: EventOf<"charge">) => void;
  "charge.reversed": (place: Place, e: EventOf<"charge.reversed">) => void;
} {
  const insert = db.prepare(
    "INSERT INTO charges (seq, run, job, amount, currency, basis, from_at, to_at, how) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const reverse = db.prepare("UPDATE charges SET reversed_by = ? WHERE seq = ?");
  return {
    charge: ({ seq }, e) => {
      insert.run(seq, e.run, e.job, e.amount.amount, e.amount.currency, e.basis, e.from, e.to, e.how);
    },
    "charge.reversed": ({ seq }, e) => {
      reverse.run(seq, e.seq);
    },
  };
}

/** Empties the projections and makes them anew from every entry; inside the caller's transaction. */
export function reproject(db: DatabaseSync): void {
  for (const table of PROJECTED) db.exec(`DELETE FROM ${table}`);
  const project = projector(db);
  const rows = db.prepare("SELECT seq, at, body FROM entries ORDER BY seq").iterate();
  for (const row of rows) {
    project({ seq: Number(row["seq"]), at: Number(row["at"]), event: JSON.parse(String(row["body"])) as LedgerEvent });
  }
}
