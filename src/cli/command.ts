import { access } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Diagnostic, renderDiagnostics } from "../diagnostic/index.ts";
import type { Project } from "../engine/project/index.ts";
import type { DesiredState } from "../model/index.ts";
import { terminalOf } from "./terminal.ts";
import { CommandError, type World } from "./world.ts";

export interface CommonOptions {
  readonly file?: string;
  readonly env?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** Adds the options that all commands share, and an example under the help. */
export function withCommon(command: Command, example: string, flags: string = "-f, --file <file>"): Command {
  return command
    .addOption(new Option(flags, "the manifest (default: jobs.yaml, here or in a folder above)"))
    .addOption(new Option("--env <name>", "the environment (default: the first in the manifest)"))
    .addOption(new Option("--state <dir>", "where rota keeps its state (default: .rota beside the manifest)"))
    .addHelpText("after", `\nExample:\n${example.replaceAll(/^/gm, "  $ ")}`);
}

export function jsonOption(): Option {
  return new Option("--json", "one JSON object for machines");
}

/** For an option's argument that is a whole number. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** For a reason that is recorded: an empty one says nothing. */
export function saidReason(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("Say why.");
}

/** The manifest's absolute path: as given, or jobs.yaml in this folder or the nearest one above. */
export async function findManifest(world: World, options: CommonOptions): Promise<string> {
  if (options.file !== undefined) return resolve(world.cwd, options.file);
  for (let folder = world.cwd; ; folder = dirname(folder)) {
    const file = join(folder, "jobs.yaml");
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) return file;
    if (folder === dirname(folder)) break;
  }
  throw new CommandError(
    `there is no jobs.yaml in ${world.cwd} or any folder above`,
    "write one with: rota init, or name one with -f FILE",
  );
}

export async function stateDir(world: World, options: CommonOptions): Promise<string> {
  if (options.state !== undefined) return resolve(world.cwd, options.state);
  return join(dirname(await findManifest(world, options)), ".rota");
}

export async function readProject(world: World, options: CommonOptions, maxBytes?: number): Promise<Project> {
  const file = await findManifest(world, options);
  const { loadProject } = await import("../engine/project/index.ts");
  return loadProject({
    file,
    files: await world.files(),
    placementSchemas: await world.placementSchemas(),
    ...(options.env === undefined ? {} : { environment: options.env }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
}

/** A file for people: as it is found from the working directory, where that is the shorter way to write it. */
export function shownPath(world: Pick<World, "cwd">, file: string): string {
  if (!isAbsolute(file)) return file;
  const from = relative(world.cwd, file);
  return from === "" || from.length > file.length ? file : from;
}

/** Diagnostics as text, with their source lines. */
export function diagnosticsText(
  world: World,
  diagnostics: readonly Diagnostic[],
  { line }: Project,
  colour: boolean,
): string {
  return renderDiagnostics(diagnostics, { line, name: (file) => shownPath(world, file), colour });
}

/** The project without errors, its warnings told; with errors all of them, and exit code 1. */
export async function requireProject(
  world: World,
  options: CommonOptions,
): Promise<Project & { readonly desired: DesiredState }> {
  const project = await readProject(world, options);
  const terminal = terminalOf(world);
  const text = diagnosticsText(world, project.diagnostics, project, terminal.colourNotes);
  if (text !== "") terminal.note(text);
  if (!project.desired) throw new CommandError("the manifest has errors; nothing was done");
  return { ...project, desired: project.desired };
}
