import { renderDiagnostics } from "../diagnostic/index.ts";
import { loadProject, type Project } from "../engine/index.ts";
import type { Files } from "../manifest/index.ts";
import type { Clock, DesiredState } from "../model/index.ts";
import type { PlacementSchemas } from "../provider/index.ts";
import { Reading } from "./reading.ts";
import { watchFiles } from "./watch.ts";

type Say = (text: string) => void;

export interface ManifestInput {
  /** Absolute path of the manifest. */
  readonly file: string;
  readonly environment?: string;
  readonly files: Files;
  /** Without them the placements are not checked before they are opened. */
  readonly placementSchemas?: PlacementSchemas | undefined;
  readonly say: Say;
}

export interface ReadManifest {
  readonly project: Project;
  /** What it was made of. What is read through it later is followed as well. */
  readonly reading: Reading;
}

/** The manifest as it stands now; what is wrong with it is said. */
export async function readManifest(input: ManifestInput): Promise<ReadManifest> {
  const { file, environment, placementSchemas, say } = input;
  const reading = new Reading(input.files);
  const project = await loadProject({
    file,
    files: reading,
    ...(environment === undefined ? {} : { environment }),
    ...(placementSchemas === undefined ? {} : { placementSchemas }),
  });
  if (project.diagnostics.length > 0) say(renderDiagnostics(project.diagnostics, { line: project.line }));
  return { project, reading };
}

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: Say;
  /** What is in force. */
  readonly first: ReadManifest;
  readonly read: () => Promise<ReadManifest>;
  /** Puts it into force; what it throws is said once, and it is tried again until it works or changes once more. */
  readonly takeOver: (project: Project, desired: DesiredState, reading: Reading) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Follows the manifest until the signal aborts; one with errors, or of something else, leaves the one before in force. */
export function followManifest(options: FollowOptions): Promise<void> {
  const { clock, signal, say, first, read, takeOver, failed } = options;
  const owner = first.project.desired && ownerOf(first.project.desired);
  let { reading } = first;
  let trouble: string | undefined;
  const changed = async (): Promise<boolean> => {
    try {
      const next = await read();
      // Also of a broken manifest: it may be mended in a file that the one before did not include.
      reading = next.reading;
      const { desired } = next.project;
      if (!desired) say("the manifest has errors: the daemon goes on with the one before");
      else if (ownerOf(desired) !== owner)
        say("the manifest now has another namespace, first environment or currency: restart the daemon for it");
      else await takeOver(next.project, desired, reading);
      trouble = undefined;
      return true;
    } catch (error) {
      failed(error);
      const why = error instanceof Error ? error.message : String(error);
      if (why !== trouble) say(`the daemon goes on with the manifest before: ${why}`);
      trouble = why;
      return false;
    }
  };
  return watchFiles({ clock, watched: () => reading, changed, signal });
}

/** A daemon's state is one owner's, and its ledger in one currency, for as long as it runs. */
function ownerOf({ manifest: { namespace, environment, currency } }: DesiredState): string {
  return JSON.stringify([namespace, environment.name, currency]);
}
