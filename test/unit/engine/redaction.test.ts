import { expect, it } from "vitest";
import { idleSample } from "../../../providers/memory/index.ts";
import { HOUR, MINUTE } from "../../../src/model/index.ts";
import { createRedactor } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const SECRET = "hunter22-long-enough";
const ann = { name: "ann", via: "cli" } as const;

it("no secret gets into the ledger: not by what a run prints, a provider answers or a person writes (X2)", async () => {
  const stand = await Stand.open({ redact: createRedactor([SECRET]) });
  // The line is longer than what is kept of it, and the secret lies across the place where it is cut.
  const line = `${"x".repeat(190)}${SECRET} again`;
  stand.world.script = (start) =>
    start.job.name === "prints"
      ? {
          durationSeconds: 1e6,
          sample: () => ({ ...idleSample(), outputBytes: 100, repeatingShare: 1, repeatingLine: line }),
        }
      : { durationSeconds: 1e6 };
  stand.world.fault = ({ method, job: name }) =>
    method === "start" && name === "fails" ? { error: { code: "invalid", message: SECRET } } : undefined;
  const guard = { ...job("x").guard, idleSeconds: 300 };
  const schedule = cron("0 * * * *");
  await stand.start(
    desiredState([job("prints", { schedule, guard }), job("fails", { schedule }), job("runs", { schedule })]),
  );
  await stand.clock.advance(HOUR + 15 * MINUTE);
  const running = [...stand.engine.state.open.values()].find((t) => t.run.job === "runs")?.run.run ?? "";
  await stand.engine.kill(running, `it leaked ${SECRET}`, ann);
  await stand.clock.advance(MINUTE);
  const ended = await stand.events("run.ended");
  expect(ended.map((e) => e.run.split(".")[0]).sort()).toEqual(["fails", "prints", "runs"]);
  const samples = await stand.ledger.samples(ended.find((e) => e.run.startsWith("prints"))?.run ?? "");
  expect(samples.at(-1)?.repeatingLine).toBe(`${"x".repeat(190)}••• again`);
  const kept = JSON.stringify([await stand.entries(), samples]);
  expect(kept).toContain("•••");
  for (const part of [SECRET, "hunter"]) expect(kept).not.toContain(part);
  await stand.stop();
});
