import { Command, CommanderError } from "commander";
import { COMMANDS, type CommandRow } from "./commands.ts";
import { describeError } from "./fault.ts";
import type { ExitCode, Shell, World } from "./world.ts";

const EPILOGUE = `
Start with: rota init, rota validate, rota up. An example of each command: rota COMMAND --help
Exit codes: 0 done, 1 could not, 2 done and found something (changes, drift, a missed fire), 130 Ctrl-C`;

/** Runs one command line and answers the exit code; never throws, never exits. */
export async function runCli(argv: readonly string[], shell: Shell, open: () => Promise<World>): Promise<number> {
  let code: ExitCode = 0;
  const exit = (c: ExitCode): void => {
    code = c;
  };
  const asked = askedFor(argv);
  try {
    const program = await buildProgram(shell, async (row) => {
      // Completion looks at the options of the command that is being typed.
      if (row !== asked && !(asked?.name === "completion" && argv.includes(row.name))) return undefined;
      const [define, world] = await Promise.all([row.load(), open()]);
      return (command) => define(command, world, exit);
    });
    // `rota help nope` is as unknown as `rota nope`.
    const isHelp = argv[0] === "help" && asked === undefined;
    const done = program.parseAsync(isHelp ? argv.slice(1) : [...argv], { from: "user" });
    // What has nothing to bring to an end is not waited for.
    const ended = asked?.orderly ? false : await Promise.race([done.then(() => false), aborted(shell.interrupted)]);
    if (ended) return 130;
    await done;
    return shell.interrupted.aborted && code === 0 && asked?.name !== "up" ? 130 : code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    if (shell.interrupted.aborted) {
      shell.stderr.write(`rota: interrupted${error instanceof Error && "fix" in error ? `: ${error.message}` : ""}\n`);
      return 130;
    }
    shell.stderr.write(`${describeError(error)}\n`);
    return 1;
  }
}

/** All commands, of which those are complete whose definition is given; the others are a name and a summary. */
async function buildProgram(
  shell: Shell,
  definition: (row: CommandRow) => Promise<((command: Command) => void) | undefined>,
): Promise<Command> {
  const program = new Command("rota")
    .description("One manifest for every scheduled job, on any cloud, with a guard on what it costs.")
    .version(shell.version, "-V, --version", "the version")
    .helpOption("-h, --help", "this")
    .addHelpCommand(
      new Command("help").argument("[command]").description("the same as rota COMMAND --help").helpGroup("More:"),
    )
    .addHelpText("after", EPILOGUE)
    .enablePositionalOptions();
  for (const row of COMMANDS) {
    const command = new Command(row.name).description(row.summary).helpGroup(row.group);
    (await definition(row))?.(command);
    program.addCommand(command);
  }
  adapt(program, shell);
  return program;
}

/** The row that the command line names: the first word, or the word after `help`. */
function askedFor(argv: readonly string[]): CommandRow | undefined {
  const words = argv.filter((word) => !word.startsWith("-"));
  const name = words[0] === "help" ? words[1] : words[0];
  return COMMANDS.find((row) => row.name === name);
}

function adapt(command: Command, shell: Shell): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => shell.stdout.write(text),
    writeErr: (text) => shell.stderr.write(text),
    getOutHelpWidth: () => shell.stdout.columns ?? 100,
    getErrHelpWidth: () => shell.stderr.columns ?? 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  const path = command.parent ? `${pathOf(command)} --help` : "rota --help";
  command.showHelpAfterError(`(see ${path})`);
  for (const child of command.commands) adapt(child, shell);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function aborted(signal: AbortSignal): Promise<true> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(true);
    else signal.addEventListener("abort", () => resolve(true), { once: true });
  });
}
