import { expect, it } from "vitest";
import { Deploying } from "../../../src/daemon/deploying.ts";
import { type ApplyOutcome, ControlError } from "../../../src/engine/index.ts";
import { MINUTE } from "../../../src/model/index.ts";
import { ProviderError } from "../../../src/provider/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { desiredState, job } from "../../support/jobs.ts";

const refused: ApplyOutcome = {
  ok: false,
  plan: {} as ApplyOutcome["plan"],
  refusals: [{ code: "deletes", reason: "6 of 10 would be deleted", fix: "raise the limit", overridable: false }],
};

function stand(answers: (() => ApplyOutcome)[]) {
  const clock = new VirtualClock();
  const [said, told]: [string[], string[]] = [[], []];
  let calls = 0;
  const deploy = async (): Promise<ApplyOutcome> => {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    if (!answer) throw new Error("no answer");
    return answer();
  };
  const ended = new AbortController();
  const deploying = new Deploying({
    engine: { deploy },
    clock,
    autoApply: false,
    say: (text) => said.push(text),
    tell: (text) => told.push(text),
    signal: ended.signal,
  });
  return { clock, said, told, deploying, calls: () => calls, end: () => ended.abort() };
}

const unreachable = (): ApplyOutcome => {
  throw new ProviderError("unavailable", "no answer");
};

it("tries again what could not be reached, says it once, and stops when it worked", async () => {
  const s = stand([unreachable, unreachable, () => refused]);
  expect(await s.deploying.deploy(desiredState([job("a")]))).toBeUndefined();
  await s.clock.advance(10 * MINUTE);
  expect(s.calls()).toBe(3);
  expect(s.said).toHaveLength(2);
  expect(s.said[0]).toContain("no answer");
  expect(s.said[1]).toContain("raise the limit");
  expect(s.told).toEqual(s.said);
});

const closed: ApplyOutcome = {
  ok: false,
  plan: {} as ApplyOutcome["plan"],
  refusals: [{ code: "window", reason: "dev may be changed only at night", fix: "wait", overridable: true }],
};
const result = { created: 0, updated: 0, deleted: 0, kept: 0 };
const failure = { placement: "p", job: "a", resource: "job/a", action: "create", code: "unavailable", message: "busy" };
const done = (failures: readonly (typeof failure)[]): ApplyOutcome => ({
  ok: true,
  plan: { refusals: [] } as unknown as ApplyOutcome["plan"],
  result: { ...result, failures },
  elsewhere: [],
});

it.each([
  ["a deploy window that is closed", closed, "at night"],
  ["a part that failed for now", done([failure]), "busy"],
] as const)("tries again after %s, says it once, and stops when it is done", async (_name, outcome, words) => {
  const s = stand([() => outcome, () => outcome, () => done([])]);
  await s.deploying.deploy(desiredState([job("a")]));
  await s.clock.advance(10 * MINUTE);
  expect(s.calls()).toBe(3);
  expect(s.said).toEqual([expect.stringContaining(words)]);
});

it("a newer manifest takes the place of one that still waits", async () => {
  const s = stand([unreachable, () => refused]);
  await s.deploying.deploy(desiredState([job("a")]));
  await s.deploying.deploy(desiredState([job("b")]));
  await s.clock.advance(10 * MINUTE);
  expect(s.calls()).toBe(2);
});

it("an ended daemon tries nothing more", async () => {
  const s = stand([unreachable]);
  await s.deploying.deploy(desiredState([job("a")]));
  s.end();
  await s.clock.advance(10 * MINUTE);
  expect(s.calls()).toBe(1);
});

it("what only a person can mend is said, and not tried again", async () => {
  const s = stand([
    () => {
      throw new ControlError("refused", "one job is deployed elsewhere", "keep it");
    },
  ]);
  await s.deploying.deploy(desiredState([job("a")]));
  await s.clock.advance(10 * MINUTE);
  expect(s.calls()).toBe(1);
  expect(s.said).toEqual(["not deployed: one job is deployed elsewhere\n  keep it"]);
});
