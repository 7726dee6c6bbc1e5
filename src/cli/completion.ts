import { Argument, Command } from "commander";
import { type Candidate, candidates, type Kind } from "./candidates.ts";
import { type CommonOptions, readProject } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { fact } from "./facts.ts";
import { terminalOf } from "./terminal.ts";
import type { World } from "./world.ts";

/** Each asks `rota completion words` for what may stand there, and offers files where it answers nothing. */
const SCRIPTS: Readonly<Record<"bash" | "zsh" | "fish", string>> = {
  bash: `_rota() {
  local IFS=$'\\n'
  COMPREPLY=($(rota completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _rota rota`,
  zsh: `#compdef rota
_rota() {
  local -a found
  local name about
  while IFS=$'\\t' read -r name about; do
    found+=("\${name//:/\\\\:}\${about:+:$about}")
  done < <(rota completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe rota found; else _files; fi
}
compdef _rota rota`,
  fish: `complete -c rota -a '(rota completion words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'`,
};

const SETUP: Readonly<Record<keyof typeof SCRIPTS, string>> = {
  bash: "rota completion bash > ~/.local/share/bash-completion/completions/rota",
  zsh: "rota completion zsh > ~/.zsh/completions/_rota",
  fish: "rota completion fish > ~/.config/fish/completions/rota.fish",
};

const RUNS_OFFERED = 50;

export const defineCompletion: DefineCommand = (completion, world) => {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    completion.addCommand(
      new Command(shell)
        .description(`the script for ${shell}`)
        .addHelpText("after", `\nExample:\n  $ ${SETUP[shell]}`)
        .action(() => terminalOf(world).out(SCRIPTS[shell])),
    );
  }
  completion.addCommand(
    new Command("words")
      .description("what may stand at the last of these words")
      .addArgument(new Argument("[words...]"))
      .action((words: readonly string[]) => offer(world, completion.parent ?? completion, words)),
    { hidden: true },
  );
};

async function offer(world: World, program: Command, words: readonly string[]): Promise<void> {
  const found = await candidates(program, words, (kind, options) => known(world, kind, options));
  for (const { word, about } of found) world.stdout.write(about === undefined ? `${word}\n` : `${word}\t${about}\n`);
}

/** Names out of the manifest and the record; none where they cannot be read, for a TAB is no place for errors. */
async function known(world: World, kind: Kind, options: CommonOptions): Promise<readonly Candidate[]> {
  try {
    if (kind === "run") {
      const { runs } = await fact(world, options, `/api/runs?limit=${RUNS_OFFERED}`, (ledger, { runsView }) =>
        runsView(ledger, { limit: RUNS_OFFERED }),
      );
      return runs.map(({ run, status }) => ({ word: run, about: status }));
    }
    const { desired, environments } = await readProject(world, options);
    if (kind === "environment") return environments.map((word) => ({ word }));
    return (desired?.jobs ?? []).map(({ job }) => ({ word: job.name }));
  } catch {
    return [];
  }
}
