import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "./report.ts";

const ROUNDS = 9;
const root = join(import.meta.dirname, "..");

/** Cold starts: a new process each time, from its start to its end, against a Node that does nothing. */
export function run(report: Report): void {
  const package_ = build();
  try {
    const manifest = join(root, "jobs.yaml");
    const built = join(package_, "dist/src/bin.js");
    const source = join(root, "src/main.ts");
    const commands: readonly (readonly [name: string, argv: readonly string[]])[] = [
      ["bare node -e 0", ["-e", "0"]],
      ["rota --help, built", [built, "--help"]],
      ["rota validate, built", [built, "validate", "-f", manifest]],
      ["rota --help, from source", [source, "--help"]],
      ["rota validate, from source", [source, "validate", "-f", manifest]],
    ];
    const times = commands.map(() => [] as number[]);
    // Taking turns, so that a busy minute of the machine falls on all of them alike.
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [i, [, argv]] of commands.entries()) times[i]?.push(once(argv));
    const bare = median(times[0] ?? []);
    for (const [i, [name]] of commands.entries()) {
      const all = times[i] ?? [];
      const ratio = `${(median(all) / bare).toFixed(2)} × bare node`;
      const spread = `median of ${ROUNDS}; ${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)} ms`;
      report(name, `${median(all).toFixed(0)} ms`, i === 0 ? spread : `${ratio}; ${spread}`);
    }
  } finally {
    rmSync(package_, { recursive: true, force: true });
  }
}

/** The package as it would be installed, in a folder of its own. */
function build(): string {
  const folder = mkdtempSync(join(tmpdir(), "rota-bench-"));
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  execFileSync(process.execPath, [join(root, "build.ts"), "--out", join(folder, "dist")], { stdio: "inherit" });
  return folder;
}

/** Milliseconds; throws when the command fails, for a fast failure is no good figure. */
function once(argv: readonly string[]): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8" });
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return ms;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}
