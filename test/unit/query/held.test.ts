import { expect, it } from "vitest";
import { openMemoryLedger } from "../../../src/ledger/index.ts";
import type { Budget, LedgerEvent } from "../../../src/model/index.ts";
import { heldJobs } from "../../../src/query/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { job } from "../../support/jobs.ts";

const usd = (amount: string): { amount: string; currency: string } => ({ amount, currency: "USD" });
const budget = (name: string, team: string): Budget => ({
  name,
  match: { team },
  per: "month",
  limit: usd("10"),
  warnAt: [],
  atLimit: "hold",
});
const reached = (name: string, action: "hold" | "stop" | "notify"): LedgerEvent => ({
  type: "budget.reached",
  budget: name,
  period: "2026-11",
  action,
  spent: usd("10"),
  limit: usd("10"),
});
const released = (name: string): LedgerEvent => ({
  type: "budget.released",
  budget: name,
  period: "2026-11",
  by: "ann",
  reason: "approved",
});

it.each<[string, LedgerEvent[], string[]]>([
  ["nothing is held at first", [], []],
  ["a used-up budget holds the jobs that it matches", [reached("red", "hold")], ["a", "b"]],
  ["so does one that stops", [reached("red", "stop")], ["a", "b"]],
  ["one that only notifies holds nothing", [reached("red", "notify")], []],
  ["a release ends it", [reached("red", "hold"), released("red")], []],
  ["and only for that budget", [reached("red", "hold"), reached("blue", "hold"), released("red")], ["c"]],
  ["until it is used up again", [reached("red", "hold"), released("red"), reached("red", "hold")], ["a", "b"]],
])("%s", async (_name, events, expected) => {
  const ledger = await openMemoryLedger(new VirtualClock());
  if (events.length > 0) await ledger.append(events);
  const jobs = [job("a", { team: "red" }), job("b", { team: "red" }), job("c", { team: "blue" }), job("d")];
  expect([...(await heldJobs(ledger, [budget("red", "red"), budget("blue", "blue")], jobs))]).toEqual(expected);
});
