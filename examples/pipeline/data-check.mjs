// Checks a table against data/contract.json before anybody computes with it: columns, types, ranges, keys.
// What it finds goes to work/quality/NAME.json; the run fails when there is anything.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fail, given, newest, option, progress, readTable, work, writeWhole } from "./frame.mjs";

const asked = option("file");
const file = asked === undefined ? newest("orders", 1)[0] : given(asked);
if (file === undefined) fail("no batch of orders to check: has the job `orders` run?");

const contract = JSON.parse(readFileSync(given("data", "contract.json"), "utf8"));
const { columns, rows } = readTable(file);
const problems = [...checkColumns(), ...checkSize()];
const quality = [];
if (problems.length === 0) for (const [i, column] of contract.columns.entries()) quality.push(measure(column, i));

const name = basename(file, ".csv");
writeWhole(
  work("quality", `${name}.json`),
  JSON.stringify({ file: name, rows: rows.length, quality, problems }, null, 2),
);
console.log(`${name}: ${rows.length} rows, ${columns.length} columns`);
for (const { column, empty, wrong, min, max } of quality)
  console.log(`  ${column.padEnd(14)} empty ${empty}  wrong ${wrong}  from ${min} to ${max}`);
if (problems.length > 0)
  fail(`${name} breaks the contract:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
console.log("everything as agreed");

/** Upstream renamed, added, dropped or moved a column. */
function checkColumns() {
  const agreed = contract.columns.map((column) => column.name);
  const found = [];
  for (const column of agreed) if (!columns.includes(column)) found.push(`column \`${column}\` is missing`);
  for (const column of columns)
    if (!agreed.includes(column)) found.push(`column \`${column}\` is new, and nobody agreed on it`);
  if (found.length === 0)
    for (const [i, column] of agreed.entries())
      if (columns[i] !== column) found.push(`column ${i + 1} is \`${columns[i]}\`, agreed was \`${column}\``);
  return found;
}

function checkSize() {
  return rows.length < contract.rows.min ? [`${rows.length} rows, at least ${contract.rows.min} are agreed`] : [];
}

/** One column: how many cells are empty or wrong, and between what they lie. */
function measure(column, at) {
  const seen = new Set();
  let empty = 0;
  let wrong = 0;
  let min;
  let max;
  for (const row of rows) {
    const cell = row[at] ?? "";
    if (cell === "") {
      empty += 1;
      continue;
    }
    const value = column.type === "number" ? Number(cell) : cell;
    if (!isAgreed(column, value) || (column.unique && seen.has(value))) wrong += 1;
    if (column.unique) seen.add(value);
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  if (empty > contract.emptyShare.max * rows.length)
    problems.push(`column \`${column.name}\`: ${empty} cells are empty`);
  if (wrong > 0) problems.push(`column \`${column.name}\`: ${wrong} cells are not as agreed`);
  progress(`checked ${column.name}`);
  return { column: column.name, empty, wrong, min, max };
}

function isAgreed(column, value) {
  if (column.oneOf) return column.oneOf.includes(value);
  if (column.type === "instant") return !Number.isNaN(Date.parse(value));
  if (column.type === "number")
    return value >= (column.min ?? Number.NEGATIVE_INFINITY) && value <= (column.max ?? Number.POSITIVE_INFINITY);
  return true;
}
