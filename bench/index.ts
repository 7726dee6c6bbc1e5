/**
 * `npm run bench [-- --only NAME ...]`: runs the modules of this folder that export `run(report)`, each in a process
 * of its own, and prints what they measured. Writes nothing into the checkout; compare figures of one machine only.
 */
import { fork } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Report } from "./report.ts";

type Message =
  | { readonly kind: "row"; readonly row: readonly [name: string, value: string, note: string] }
  | { readonly kind: "end"; readonly seconds: number; readonly peakBytes: number };

const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, child: { type: "string" } } });
if (values.child === undefined) await runAll(values.only ?? []);
else await runOne(values.child);

async function runAll(only: readonly string[]): Promise<void> {
  const modules = globSync("*.ts", { cwd: import.meta.dirname })
    .filter((file) => /^export (async )?function run\b/m.test(readFileSync(join(import.meta.dirname, file), "utf8")))
    .map((file) => basename(file, ".ts"))
    .sort();
  const unknown = only.filter((name) => !modules.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`no bench of the name ${unknown.join(", ")}; there are ${modules.join(", ")}\n`);
    process.exitCode = 1;
    return;
  }
  const [cpu] = cpus();
  process.stdout.write(
    `${cpus().length} × ${cpu?.model.trim() ?? "unknown CPU"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ` +
      `${type()} ${release()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)}\n`,
  );
  for (const name of only.length > 0 ? only : modules) {
    process.stdout.write(`\n${name}\n`);
    if (!(await runInChild(name))) process.exitCode = 1;
  }
}

/** Prints the module's rows as they come; false when it failed. */
async function runInChild(name: string): Promise<boolean> {
  const child = fork(import.meta.filename, ["--child", name], { execArgv: ["--expose-gc"], stdio: "inherit" });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let ended = false;
  child.on("message", (message: Message) => {
    if (message.kind === "row") {
      const [what, value, note] = message.row;
      process.stdout.write(`  ${what.padEnd(44)} ${value.padStart(16)}${note === "" ? "" : `   ${note}`}\n`);
    } else {
      ended = true;
      const peak = (message.peakBytes / 2 ** 20).toFixed(0);
      process.stdout.write(`  (${message.seconds.toFixed(1)} s in all, at most ${peak} MiB)\n`);
    }
  });
  child.on("exit", (code) => resolve(code === 0 && ended));
  const ok = await promise;
  if (!ok) process.stdout.write(`  FAILED\n`);
  return ok;
}

async function runOne(name: string): Promise<void> {
  const send = (message: Message): void => {
    process.send?.(message);
  };
  const report: Report = (what, value, note = "") => send({ kind: "row", row: [what, value, note] });
  const module = (await import(join(import.meta.dirname, `${name}.ts`))) as {
    run(report: Report): Promise<void> | void;
  };
  const startedAt = performance.now();
  await module.run(report);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  send({ kind: "end", seconds: (performance.now() - startedAt) / 1000, peakBytes });
  process.disconnect?.();
}
