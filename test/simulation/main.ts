/**
 * The whole system on virtual time, under faults, held against docs/reliability.md by an oracle of its own.
 *
 *   npm run simulate -- --seeds 20
 *   npm run simulate -- --seed 7 --verbose
 *   npm run simulate -- --planted
 */
import { parseArgs } from "node:util";
import { DAY } from "../../src/model/index.ts";
import { PLANTED, type Planted } from "./planted.ts";
import { renderStory, renderViolation } from "./render.ts";
import { type SimulationResult, simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: "1" },
    weeks: { type: "string", default: String(1 / 14) },
    planted: { type: "boolean", default: false },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const forMs = Number(values.weeks) * 7 * DAY;
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const started = performance.now();
let [passed, failed, virtualMs] = [0, 0, 0];
const broken = new Map<string, number[]>();
if (values.planted) {
  for (const bug of PLANTED.filter((b) => values.only === undefined || b.name.includes(values.only))) await hunt(bug);
}
for (let seed = first; !values.planted && seed < first + count; seed += 1) {
  const result = await simulate({ seed, forMs });
  virtualMs += result.virtualMs;
  report(result);
}
const seconds = (performance.now() - started) / 1000;
const weeks = virtualMs / (7 * DAY);
for (const [invariant, seeds] of [...broken].sort()) console.log(`broken: ${invariant} by seeds ${seeds.join(", ")}`);
console.log(
  `${weeks.toFixed(1)} virtual weeks in ${seconds.toFixed(1)} s: ${((weeks * 60) / seconds).toFixed(1)} weeks a minute`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function report(result: SimulationResult): void {
  const { seed, violations, checks, story, digest } = result;
  if (violations.length === 0) passed += 1;
  else failed += 1;
  console.log(
    `seed ${seed}: ${violations.length === 0 ? "holds" : `${violations.length} VIOLATIONS`} (${checks} checks, ${story.lives.length} daemons, ${story.executions.length} runs, ${story.entries.length} entries, ${digest.slice(0, 12)})`,
  );
  for (const { invariant } of violations) {
    const seeds = broken.get(invariant) ?? [];
    if (!seeds.includes(seed)) broken.set(invariant, [...seeds, seed]);
  }
  if (values.verbose) console.log(renderStory(story));
  for (const violation of violations.slice(0, count === 1 ? 10 : 3)) console.log(renderViolation(story, violation));
}

/** Seeds until one shows the bug by an invariant that it breaks: what else it breaks does not count. */
async function hunt(bug: Planted): Promise<void> {
  let caughtBy: number | undefined;
  const by = new Set<string>();
  let tried = 0;
  for (let seed = first; seed < first + count && caughtBy === undefined; seed += 1) {
    tried += 1;
    const { violations, virtualMs: lived } = await simulate({ seed, forMs, planted: bug });
    virtualMs += lived;
    const broke = violations.filter((v) => bug.breaks.includes(v.invariant));
    if (broke.length > 0) caughtBy = seed;
    for (const { invariant } of broke) by.add(invariant);
  }
  if (caughtBy !== undefined) passed += 1;
  else failed += 1;
  const text = caughtBy === undefined ? "NOT CAUGHT" : `caught by ${[...by].join(", ")} in seed ${caughtBy}`;
  console.log(`${bug.name}: ${text} (${tried} tried)`);
}
