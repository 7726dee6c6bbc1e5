import type { SlotStart } from "../model/index.ts";
import type { CapacityProblem } from "./capacity.ts";
import { findOverload } from "./capacity.ts";
import { format, type HeatTextOptions, heatMap, heatText, poolTitle } from "./heat.ts";
import type { Levelling, Moved } from "./level.ts";
import { slotText, startText } from "./lock.ts";
import { count, proofText } from "./proof.ts";
import type { RealisedPeak } from "./simulate.ts";
import { heatSvg } from "./svg.ts";
import { LOAD_UNIT, type Task } from "./task.ts";

/** The peak to expect in reality, as it stands and as everything at its earliest slot would give. */
export interface Realised {
  readonly now: readonly RealisedPeak[];
  readonly before: readonly RealisedPeak[];
}

/** What `rota stagger --json` prints. Loads are in the pool's unit; starts in each job's own zone. */
export interface StaggerReport {
  readonly schema: "rota.stagger/1";
  readonly pools: readonly {
    readonly pool: string;
    readonly capacity?: number;
    readonly jobs: number;
    readonly peak: number;
    readonly bound: number;
    readonly before: number;
    readonly gapPercent: number;
    readonly certificate: Levelling["pools"][number]["certificate"];
    readonly realised?: { readonly median: number; readonly p95: number; readonly medianBefore: number };
  }[];
  readonly slots: readonly {
    readonly job: string;
    readonly pool: string;
    readonly starts: readonly string[];
    readonly load: number;
    readonly durationSeconds: number;
    readonly moved: boolean;
  }[];
  readonly moved: readonly {
    readonly job: string;
    readonly from?: string;
    readonly to: string;
    readonly why: Moved["why"];
  }[];
  readonly overload: readonly CapacityProblem[];
  readonly unplaceable: Levelling["unplaceable"];
  readonly outOfOrder: readonly string[];
}

const WHY: Readonly<Record<Moved["why"], string>> = {
  new: "new",
  notAllowed: "its slot is no longer allowed",
  order: "it would start before what it waits for has ended",
  peak: "it stood in the peak",
  fresh: "levelled afresh",
};

export function staggerReport(levelling: Levelling, realised?: Realised): StaggerReport {
  const movedNames = new Set(levelling.moved.flatMap(({ job, from }) => (from ? [job] : [])));
  return {
    schema: "rota.stagger/1",
    pools: levelling.pools.map((pool, index) => ({
      pool: pool.pool,
      ...(pool.capacity === undefined ? {} : { capacity: pool.capacity }),
      jobs: pool.jobs,
      peak: pool.peak,
      bound: pool.bound,
      before: pool.before,
      gapPercent: gapPercent(pool),
      certificate: pool.certificate,
      ...realisedPart(index, realised),
    })),
    slots: levelling.problem.tasks.flatMap((task) => {
      const slot = levelling.slots.get(task.name);
      if (!slot || !task.shape) return [];
      return [
        {
          job: task.name,
          pool: levelling.problem.pools[task.pool]?.name ?? "",
          starts:
            slot.kind === "phase" ? [slotText(slot)] : slot.starts.flatMap((start) => occurrencesText(task, start)),
          load: task.load / LOAD_UNIT,
          durationSeconds: task.minutes * 60,
          moved: movedNames.has(task.name),
        },
      ];
    }),
    moved: levelling.moved.map(({ job, from, to, why }) => ({
      job,
      ...(from ? { from: slotText(from) } : {}),
      to: slotText(to),
      why,
    })),
    overload: findOverload(levelling),
    unplaceable: levelling.unplaceable,
    outOfOrder: levelling.outOfOrder,
  };
}

/** What a person reads: per pool the figures, the proof in words, both maps; then what moved and what is wrong. */
export function staggerText(levelling: Levelling, realised?: Realised, options: HeatTextOptions = {}): string {
  const lines: string[] = [];
  for (const [index, pool] of levelling.pools.entries()) {
    const top = Math.max(pool.before, pool.peak);
    const { certificate } = pool;
    lines.push(
      `Pool ${poolTitle(pool.pool)}: ${count(pool.jobs)}, peak ${format(pool.before)} → ${format(pool.peak)}, no schedule below ${format(pool.bound)} (gap ${gapPercent(pool)}%)`,
      `  ${proofText(certificate)}`,
    );
    const real = realisedPart(index, realised).realised;
    if (real) {
      lines.push(
        `  Durations vary: expect a peak of ${format(real.median)} in half of the weeks, ${format(real.p95)} in one of twenty (at the earliest slots ${format(real.medianBefore)})`,
      );
    }
    lines.push("", ...heatText(heatMap(pool.weekBefore, top), "     Before: everything at its earliest slot", options));
    lines.push("", ...heatText(heatMap(pool.week, top), "     After", options), "");
  }
  lines.push(...movedText(levelling.moved));
  for (const { message, hints } of findOverload(levelling))
    lines.push(`! ${message}`, ...hints.map((hint) => `    ${hint}`));
  for (const { job, reason, hint } of levelling.unplaceable)
    lines.push(`! ${job} has no slot: ${reason}`, `    ${hint}`);
  for (const job of levelling.outOfOrder)
    lines.push(`! ${job} cannot wait for its \`after\`: its window has no room for it`);
  const text = `${lines.join("\n")}\n`;
  return options.ascii ? text.replaceAll("→", "->").replaceAll("–", "-") : text;
}

/** Both maps of every pool as one picture. */
export function staggerSvg(levelling: Levelling, title: string): string {
  return heatSvg(
    levelling.pools.map((pool) => {
      const top = Math.max(pool.before, pool.peak);
      return {
        pool: pool.pool,
        before: heatMap(pool.weekBefore, top),
        after: heatMap(pool.week, top),
        peakBefore: pool.before,
        peak: pool.peak,
        bound: pool.bound,
        ...(pool.capacity === undefined ? {} : { capacity: pool.capacity }),
      };
    }),
    title,
  );
}

function movedText(moved: readonly Moved[]): string[] {
  const shown = moved.filter(({ from }) => from);
  const fresh = moved.length - shown.length;
  const lines = [`${count(shown.length)} moved, ${fresh} new in the lock`];
  for (const { job, from, to, why } of shown.slice(0, 20)) {
    lines.push(`  ${job}: ${from ? slotText(from) : ""} → ${slotText(to)} (${WHY[why]})`);
  }
  if (shown.length > 20) lines.push(`  and ${shown.length - 20} more`);
  return lines;
}

function gapPercent(pool: { readonly peak: number; readonly bound: number }): number {
  return pool.bound > 0 ? Math.round((1000 * (pool.peak - pool.bound)) / pool.bound) / 10 : 0;
}

function realisedPart(
  index: number,
  realised: Realised | undefined,
): { realised?: { median: number; p95: number; medianBefore: number } } {
  const now = realised?.now[index];
  const before = realised?.before[index];
  return now && before ? { realised: { median: now.median, p95: now.p95, medianBefore: before.median } } : {};
}

/** A daily start is told for each day on which it comes, so that the list is the week. */
function occurrencesText(task: Task, start: SlotStart): string[] {
  if (task.shape?.kind !== "day") return [startText(start)];
  const { shape } = task;
  const late = shape.allowed.some((i) => start.minute >= i.from && start.minute < i.to) ? 0 : 1;
  return shape.openDays.map((day) => startText({ ...start, weekday: (((day + late) % 7) + 1) as 1 }));
}
