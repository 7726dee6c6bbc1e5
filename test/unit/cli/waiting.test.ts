import { expect, test } from "vitest";
import { whileWaiting } from "../../../src/cli/waiting.ts";
import { VirtualClock } from "../../support/clock.ts";

function stand(isTTY: boolean) {
  const clock = new VirtualClock();
  const written: string[] = [];
  const world = { clock, stderr: { isTTY, write: (text: string) => written.push(text) } };
  return { clock, world, read: () => written.join("").replaceAll("\r\u001b[K", "|") };
}

test("a terminal is told for what and for how long, and the line is taken away", async () => {
  const { clock, world, read } = stand(true);
  const waited = whileWaiting(
    world,
    "asking aws",
    clock.sleep(3500).then(() => 7),
  );
  await clock.advance(4000);
  expect(await waited).toBe(7);
  expect(read()).toBe("|asking aws … 1 s|asking aws … 2 s|asking aws … 3 s|");
});

test.each([
  ["what is quick", true, 900],
  ["no terminal", false, 5000],
] as const)("%s: nothing is said", async (_what, isTTY, ms) => {
  const { clock, world, read } = stand(isTTY);
  const waited = whileWaiting(world, "asking aws", clock.sleep(ms));
  await clock.advance(ms);
  await waited;
  expect(read()).toBe("");
});

test("a failure is passed on, and the line is taken away too", async () => {
  const { clock, world, read } = stand(true);
  const failing = clock.sleep(1500).then(() => {
    throw new Error("denied");
  });
  const waited = whileWaiting(world, "asking aws", failing);
  const refused = expect(waited).rejects.toThrow("denied");
  await clock.advance(2000);
  await refused;
  expect(read()).toBe("|asking aws … 1 s|");
});
