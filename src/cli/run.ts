import { Argument, Option } from "commander";
import { OPEN_STATUSES, type RunStatus, SECOND } from "../model/index.ts";
import { askDaemon, tellDaemon } from "./client.ts";
import { type CommonOptions, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { type Terminal, terminalOf } from "./terminal.ts";
import { statusText } from "./text.ts";
import { CommandError, type World } from "./world.ts";

interface RunAnswer {
  readonly run: string;
  readonly job: string;
  readonly status: RunStatus;
}

const LOOK_MS: number = SECOND / 4;

export const defineRun: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota run churn-score --wait")
    .addArgument(new Argument("<job>", "the job's name"))
    .addOption(new Option("--wait", "until it has ended; exit code 1 unless it succeeded"))
    .addOption(jsonOption())
    .action(async (job: string, options: CommonOptions & { readonly wait?: boolean }) => {
      const terminal = terminalOf(world);
      const begun = await tellDaemon<RunAnswer>(world, options, `/api/jobs/${encodeURIComponent(job)}/run`, {});
      const { run, status } = options.wait ? await waitFor(world, options, begun, terminal) : begun;
      if (options.json) terminal.json({ schema: "rota.run/1", run, job: begun.job, status });
      else terminal.out(`${run}  ${statusText(status, terminal)}`);
      if (world.interrupted.aborted) {
        terminal.note(`the run goes on; stop it with: rota kill ${run}`);
        exit(130);
      } else if (options.wait && status !== "succeeded") exit(1);
    });

/** The run as it stands when it has ended, or when a person is tired of waiting. */
async function waitFor(world: World, options: CommonOptions, begun: RunAnswer, terminal: Terminal): Promise<RunAnswer> {
  terminal.note(`${begun.run} …`);
  let answer = begun;
  while (OPEN_STATUSES.includes(answer.status)) {
    await world.clock.sleep(LOOK_MS, world.interrupted);
    if (world.interrupted.aborted) break;
    const path = `/api/runs/${encodeURIComponent(begun.run)}`;
    const seen = await askDaemon<RunAnswer>(world, options, path).catch((error: unknown) => {
      if (world.interrupted.aborted) return answer;
      throw error;
    });
    if (!seen)
      throw new CommandError(
        `the daemon ended while ${begun.run} was waited for`,
        `start it again with rota up; rota explain ${begun.run} tells what became of the run`,
      );
    answer = seen;
  }
  return answer;
}
