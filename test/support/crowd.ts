import { Machine, shell } from "./machine.ts";

// Starts so many runs at once, measures and inspects them all at once, and says what each call answered.
const [stateDir = "", count = "1"] = process.argv.slice(2);
const machine = await Machine.open({ stateDir });
const runs = Array.from({ length: Number(count) }, (_, index) => `r${index}`);
const answer = async (work: () => Promise<string>): Promise<void> => {
  const word = await work().catch((error: { readonly code?: string }) => error.code ?? String(error));
  process.stdout.write(`${JSON.stringify(word)}\n`);
};
const handleOf = (run: string) => ({ run });
await Promise.all(runs.map((run) => answer(async () => (await machine.start(run, shell("sleep 1000"))).phase)));
// What could not be started in the crowd is, one after the other.
for (const run of runs) await machine.start(run, shell("sleep 1000"));
await Promise.all(
  runs.map((run) =>
    answer(async () => {
      await machine.provider.measure(handleOf(run), 0);
      return "succeeded";
    }),
  ),
);
await Promise.all(runs.map((run) => answer(async () => (await machine.provider.inspect(handleOf(run))).phase)));
await machine.provider.close();
