import { Option } from "commander";
import { type EstimateInput, estimate, monthOf, type Period, type SchedulerFee, schedulerFees } from "../cost/index.ts";
import { expectRun, historyOf, type RatePlaces, rateAt, ratePlaces } from "../engine/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { DesiredJob, Money } from "../model/index.ts";
import { countFires } from "../schedule/index.ts";
import { type CommonOptions, jsonOption, requireProject, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedgerIfAny } from "./facts.ts";
import { table, terminalOf } from "./terminal.ts";
import { amountText, counted } from "./text.ts";
import { CommandError, type World } from "./world.ts";

interface EstimateOptions extends CommonOptions {
  readonly month?: string;
}

export const defineEstimate: DefineCommand = (command, world) =>
  void withCommon(command, "rota estimate --env prod --month 2026-12")
    .addOption(new Option("--month <month>", "2026-12 (default: the next one)"))
    .addOption(jsonOption())
    .action(async (options: EstimateOptions) => {
      const terminal = terminalOf(world);
      const month = monthOf(options.month === undefined ? nextMonth(world) : parseMonth(options.month));
      const { manifest, jobs } = (await requireProject(world, options)).desired;
      const places = ratePlaces(manifest, world.cores);
      const inputsFrom = (ledger?: LedgerReader): Promise<readonly EstimateInput[]> =>
        inputsOf(jobs, places, month, async (job) => (ledger ? historyOf(ledger, job) : {}));
      const inputs = (await withLedgerIfAny(world, options, inputsFrom)) ?? (await inputsFrom());
      const about = estimate(inputs, fees(places, inputs));
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

async function inputsOf(
  jobs: readonly DesiredJob[],
  places: RatePlaces,
  month: Period,
  history: (job: string) => ReturnType<typeof historyOf>,
): Promise<readonly EstimateInput[]> {
  const inputs: EstimateInput[] = [];
  for (const { job, slot } of jobs) {
    const rate = rateAt(places.get(job.placement), job);
    const expected = await expectRun(job, rate, () => history(job.name));
    inputs.push({ job, rate, fires: countFires(job.schedule, slot, month.from, month.to), ...expected });
  }
  return inputs;
}

function fees(places: RatePlaces, inputs: readonly EstimateInput[]): readonly SchedulerFee[] {
  return [...places].flatMap(([name, place]) => {
    if ("kind" in place) return [];
    const here = inputs.filter((i) => i.job.placement === name && i.fires > 0);
    return schedulerFees({
      book: place.prices,
      providerType: place.type,
      placementOptions: place.options,
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
