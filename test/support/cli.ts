import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunningRota = ChildProcessByStdio<null, Readable, Readable>;

export interface RotaOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with all of stdout and of stderr so far, whenever more comes. */
  readonly watch?: (stdout: string, stderr: string, child: RunningRota) => void;
}

/** A folder with a manifest, on which the real command line runs as a user runs it. */
export class TestProject {
  /** Where the manifest is. */
  readonly folder: string;
  readonly #root: string;
  readonly #daemons: TestDaemon[] = [];

  static async make(manifest?: string): Promise<TestProject> {
    const project = new TestProject(await mkdtemp(join(tmpdir(), "rota-cli-")));
    await mkdir(project.folder);
    if (manifest !== undefined) await project.write(manifest);
    return project;
  }

  private constructor(root: string) {
    this.#root = root;
    this.folder = join(root, "shop");
  }

  async write(manifest: string, name: string = "jobs.yaml"): Promise<void> {
    await writeFile(join(this.folder, name), manifest);
  }

  /** Runs one command line to its end. */
  async rota(argv: readonly string[], options: RotaOptions = {}): Promise<Outcome> {
    const child = this.#spawn(argv, options);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...outputOf(child) };
  }

  /** The object that `--json` prints; the command has to end with `code`. */
  async json<T = Readonly<Record<string, unknown>>>(argv: readonly string[], code: number = 0): Promise<T> {
    const outcome = await this.rota([...argv, "--json"]);
    if (outcome.code !== code)
      throw new Error(`rota ${argv.join(" ")} ended with ${outcome.code}: ${outcome.stdout}${outcome.stderr}`);
    return JSON.parse(outcome.stdout);
  }

  /** `rota up`, on any free port unless the arguments name one, when it says that it is up. */
  async up(argv: readonly string[] = ["--port", "0"], options: RotaOptions = {}): Promise<TestDaemon> {
    const child = this.#spawn(["up", ...argv], options);
    const daemon = new TestDaemon(child);
    this.#daemons.push(daemon);
    await daemon.says("Ctrl-C stops");
    return daemon;
  }

  /** Names of everything in the folder, hidden files too. */
  async files(): Promise<readonly string[]> {
    return (await readdir(this.folder)).sort();
  }

  /** Ends its daemons and removes all it made. */
  async remove(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.stop();
    await rm(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }

  #spawn(argv: readonly string[], { env = {}, watch }: RotaOptions): RunningRota {
    const { PATH = "", TMPDIR = tmpdir(), ROTA_CI_RUN = "" } = process.env;
    const child = spawn(process.execPath, [MAIN, ...argv], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH, TMPDIR, ROTA_CI_RUN, USER: "tester", NODE_COMPILE_CACHE: join(this.#root, "compiled"), ...env },
    });
    const output = { stdout: "", stderr: "" };
    outputs.set(child, output);
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
        watch?.(output.stdout, output.stderr, child);
      });
    }
    return child;
  }
}

const outputs: WeakMap<RunningRota, { stdout: string; stderr: string }> = new WeakMap();

function outputOf(child: RunningRota): { readonly stdout: string; readonly stderr: string } {
  return outputs.get(child) ?? { stdout: "", stderr: "" };
}

export class TestDaemon {
  readonly #child: RunningRota;

  constructor(child: RunningRota) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): { readonly stdout: string; readonly stderr: string } {
    return outputOf(this.#child);
  }

  /** Resolves when it has said this, on either stream; throws when it ends without. */
  async says(text: string): Promise<void> {
    const child = this.#child;
    while (!`${this.output.stdout}${this.output.stderr}`.includes(text)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`it ended with ${child.exitCode}: ${this.output.stdout}${this.output.stderr}`);
      const more = new AbortController();
      const { signal } = more;
      const waits = [
        once(child.stdout, "data", { signal }),
        once(child.stderr, "data", { signal }),
        once(child, "close", { signal }),
      ];
      await Promise.race(waits);
      more.abort();
      await Promise.allSettled(waits);
    }
  }

  /** Sends the signal and answers how it ended. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<Outcome> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, "close");
    }
    return { code: child.exitCode, ...this.output };
  }
}
