import { Option } from "commander";
import {
  type EstimateInput,
  estimate,
  machinesOf,
  monthOf,
  type SchedulerFee,
  schedulerFees,
  tariff,
} from "../cost/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { DesiredJob, Money } from "../model/index.ts";
import { countFires } from "../schedule/index.ts";
import { type CommonOptions, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedgerIfAny } from "./facts.ts";
import { type OpenedWorld, withPlacements } from "./placements.ts";
import { table, terminalOf } from "./terminal.ts";
import { amountText, counted } from "./text.ts";
import { CommandError, type World } from "./world.ts";

interface EstimateOptions extends CommonOptions {
  readonly month?: string;
}

/** Past runs looked at for how long a job takes. */
const PAST_RUNS = 20;

export const defineEstimate: DefineCommand = (command, world) =>
  void withCommon(command, "rota estimate --env prod --month 2026-12")
    .addOption(new Option("--month <month>", "2026-12 (default: the next one)"))
    .addOption(jsonOption())
    .action(async (options: EstimateOptions) => {
      const terminal = terminalOf(world);
      const month = monthOf(options.month === undefined ? nextMonth(world) : parseMonth(options.month));
      const about = await withPlacements(world, options, async (opened) => {
        const inputs: EstimateInput[] = [];
        for (const desired of opened.project.desired.jobs)
          inputs.push(await inputOf(world, options, opened, desired, month));
        return estimate(inputs, fees(opened, inputs));
      });
      if (options.json) {
        const jobs = about.jobs.map((j) => ({ ...j, perRun: j.perRun ?? null, cost: j.cost ?? null }));
        return terminal.json({ schema: "rota.estimate/1", period: month.id, basis: "estimated", ...about, jobs });
      }
      const rows = about.jobs.map((j) => [
        j.job,
        j.placement,
        String(j.fires),
        j.seconds === undefined ? "" : `${j.seconds} s (${j.durationFrom})`,
        money(j.perRun),
        j.cost ? amountText(j.cost) : terminal.paint(`unpriced: ${j.missing}`, "yellow"),
      ]);
      terminal.out(
        table(
          [["JOB", "PLACEMENT", "FIRES", "TAKES", "A RUN", month.id].map((h) => terminal.paint(h, "dim")), ...rows],
          { right: new Set([2, 4]), width: terminal.width },
        ),
      );
      for (const fee of about.fees) terminal.out(`${fee.what}: ${amountText(fee.cost)}`);
      terminal.out(
        terminal.paint(
          `total ${about.totals.map(amountText).join(" + ") || "unknown"}${about.unpriced.length > 0 ? `, and ${counted(about.unpriced.length, "job")} without a price` : ""}`,
          "bold",
        ),
      );
    });

async function inputOf(
  world: World,
  options: CommonOptions,
  { placements, project }: OpenedWorld,
  desired: DesiredJob,
  month: { from: number; to: number },
): Promise<EstimateInput> {
  const { job, slot } = desired;
  const open = placements.get(job.placement);
  const w = job.workload;
  const machines = machinesOf(w);
  const rate = open
    ? tariff({
        book: open.prices,
        providerType: open.provider.type,
        placementOptions: open.options,
        jobOptions: job.options,
        workload: {
          kind: w.kind,
          cpu: "cpu" in w ? w.cpu : 0,
          memoryBytes: "memoryBytes" in w ? w.memoryBytes : 0,
          gpu: w.kind === "container" ? (w.gpu ?? 0) : 0,
        },
        ...(machines === undefined ? {} : { machines }),
        cores: world.cores,
        currency: project.desired.manifest.currency,
      })
    : ({ kind: "unpriced", missing: `the placement "${job.placement}" is not open` } as const);
  const fires = countFires(job.schedule, slot, month.from, month.to);
  const declared = job.expect.durationSeconds;
  const past = declared === undefined ? await median(world, options, job.name) : undefined;
  const expectation =
    declared !== undefined
      ? { seconds: declared, from: "manifest" as const }
      : past === undefined
        ? undefined
        : { seconds: past, from: "history" as const };
  return { job, rate, fires, ...(expectation === undefined ? {} : { expectation }) };
}

async function median(world: World, options: CommonOptions, job: string): Promise<number | undefined> {
  const work = async (ledger: LedgerReader): Promise<number | undefined> => {
    const runs = await ledger.runs({ job, status: ["succeeded"], limit: PAST_RUNS });
    const seconds = runs
      .flatMap((r) => (r.startedAt === undefined || r.endedAt === undefined ? [] : [(r.endedAt - r.startedAt) / 1000]))
      .sort((a, b) => a - b);
    return seconds[seconds.length >> 1];
  };
  return withLedgerIfAny(world, options, work);
}

function fees({ placements }: OpenedWorld, inputs: readonly EstimateInput[]): readonly SchedulerFee[] {
  return [...placements].flatMap(([name, open]) => {
    const here = inputs.filter((i) => i.job.placement === name && i.fires > 0);
    return schedulerFees({
      book: open.prices,
      providerType: open.provider.type,
      placementOptions: open.options,
      schedules: here.length,
      fires: here.reduce((sum, i) => sum + i.fires, 0),
    });
  });
}

function money(amount: Money | undefined): string {
  return amount === undefined ? "" : amountText(amount);
}

function nextMonth(world: World): number {
  return monthOf(world.clock.now()).to;
}

function parseMonth(text: string): number {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (!match) throw new CommandError(`"${text}" is no month`, "write 2026-12");
  return Date.UTC(Number(match[1]), Number(match[2]) - 1);
}
