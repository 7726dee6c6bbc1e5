// What the steps share: where files are, how a table is read and written, how progress is reported.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** A path below the work folder; git does not see it. */
export function work(...parts) {
  return join(process.env.PIPELINE_WORK ?? join(here, "work"), ...parts);
}

/** A path below this folder. */
export function given(...parts) {
  return join(here, ...parts);
}

/** Writes beside the file and renames: a run that is killed halfway leaves the old file whole. */
export function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, path);
}

/** Comma-separated text without quoting: the orders have no commas in their cells. */
export function readTable(path) {
  const [header = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  return { columns: header.split(","), rows: lines.map((line) => line.split(",")) };
}

export function writeTable(path, columns, rows) {
  writeWhole(path, `${[columns, ...rows].map((row) => row.join(",")).join("\n")}\n`);
}

/** The table as objects, one a row. */
export function readRecords(path) {
  const { columns, rows } = readTable(path);
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
}

/** The newest `count` files of a folder, oldest first; their names begin with their instant. */
export function newest(folder, count) {
  let names;
  try {
    names = readdirSync(work(folder));
  } catch {
    names = [];
  }
  return names
    .filter((name) => name.endsWith(".csv"))
    .sort()
    .slice(-count)
    .map((name) => work(folder, name));
}

/** Tells the guard that work goes on: any bytes in this file count. */
export function progress(text) {
  if (process.env.ROTA_PROGRESS) appendFileSync(process.env.ROTA_PROGRESS, `${text}\n`);
}

/** The instant that this run is for: the scheduled one, or now when a person starts the script. */
export function fireInstant() {
  return new Date(process.env.ROTA_FIRE ?? Date.now());
}

/** The value after a flag of the command line. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

/** Ends the run as failed, with one line that says why. */
export function fail(reason) {
  console.error(reason);
  process.exit(1);
}
