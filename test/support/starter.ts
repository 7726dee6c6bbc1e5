import { Machine } from "./machine.ts";

// A daemon that starts runs and is then killed by the test: `starter.ts STATE-FOLDER OPTIONS RUN=WORKLOAD=GUARD…` (JSON).
const [stateDir = "", options = "{}", ...runs] = process.argv.slice(2);
const machine = await Machine.open({ stateDir, options: JSON.parse(options) });
for (const text of runs) {
  const { run, workload, guard } = JSON.parse(text);
  const state = await machine.start(run, workload, guard);
  process.stdout.write(`${JSON.stringify(state)}\n`);
}
// Until it is killed.
await machine.context.clock.sleep(60_000);
