import type { Command, Option } from "commander";
import type { CommonOptions } from "./command.ts";

/** What stands in the manifest or the record, and not in the commands. */
export type Kind = "job" | "run" | "environment";

export interface Candidate {
  readonly word: string;
  readonly about?: string;
}

const KINDS: Readonly<Record<string, Kind>> = { job: "job", run: "run", "--job": "job", "--env": "environment" };
const COMMON: Readonly<Record<string, keyof CommonOptions>> = { "--file": "file", "--env": "env", "--state": "state" };

/**
 * What may stand at the last of the words after `rota`, as far as it is typed: commands, options, an option's choices,
 * and names that `known` gives. None where a file or a free text is wanted.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  known: (kind: Kind, options: CommonOptions) => Promise<readonly Candidate[]>,
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? "";
  const { command, pending, place, common } = walk(program, words.slice(0, -1));
  const starting = (all: readonly Candidate[]): readonly Candidate[] => all.filter((c) => c.word.startsWith(typed));
  if (pending) {
    const kind = KINDS[pending.long ?? ""];
    return starting(kind ? await known(kind, common) : (pending.argChoices ?? []).map((word) => ({ word })));
  }
  if (typed.startsWith("-"))
    return starting(
      [...command.options.filter((o) => !o.hidden), command.createOption("-h, --help", "help")].map((o) => ({
        word: o.long ?? o.short ?? "",
        about: o.description,
      })),
    );
  const children = command.createHelp().visibleCommands(command);
  if (children.length > 0) return starting(children.map((c) => ({ word: c.name(), about: c.description() })));
  const argument = command.registeredArguments[place];
  const kind = KINDS[argument?.name() ?? ""];
  return starting(kind ? await known(kind, common) : (argument?.argChoices ?? []).map((word) => ({ word })));
}

interface Place {
  readonly command: Command;
  /** The option whose argument comes next. */
  readonly pending?: Option;
  /** How many arguments stand already. */
  readonly place: number;
  readonly common: CommonOptions;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let pending: Option | undefined;
  let place = 0;
  const common: Record<string, string> = {};
  for (const word of words) {
    if (pending) {
      const key = COMMON[pending.long ?? ""];
      if (key !== undefined) common[key] = word;
      pending = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const option = command.options.find((o) => o.short === word || o.long === word);
      pending = option?.required === true ? option : undefined;
      continue;
    }
    const child = command.commands.find((c) => c.name() === word);
    if (child) command = child;
    else place += 1;
  }
  return { command, place, common, ...(pending ? { pending } : {}) };
}
