// One page for people: what came in, what the checks said, what the model is worth. report.html and report.md.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fail, fireInstant, newest, readRecords, work, writeWhole } from "./frame.mjs";

const files = newest("orders", 30);
if (files.length === 0) fail("nothing to report on: has the job `orders` run?");

const regions = new Map();
for (const order of files.flatMap(readRecords)) {
  const region = regions.get(order.region) ?? { orders: 0, revenue: 0, returned: 0 };
  region.orders += 1;
  region.revenue += Number(order.quantity) * Number(order.unit_price) * (1 - Number(order.discount));
  region.returned += Number(order.returned);
  regions.set(order.region, region);
}
const checks = existsSync(work("quality"))
  ? readdirSync(work("quality")).map((name) => JSON.parse(readFileSync(work("quality", name), "utf8")))
  : [];
const broken = checks.filter((check) => check.problems.length > 0);
const model = existsSync(work("model.json")) ? JSON.parse(readFileSync(work("model.json"), "utf8")) : undefined;

const title = `Orders up to ${fireInstant().toISOString().slice(0, 16)}Z`;
const columns = ["Region", "Orders", "Revenue", "Returned"];
const table = [...regions]
  .sort()
  .map(([name, { orders, revenue, returned }]) => [
    name,
    String(orders),
    revenue.toFixed(2),
    `${((100 * returned) / orders).toFixed(1)}%`,
  ]);
const notes = [
  `${files.length} batches; ${checks.length} tables checked, ${broken.length} of them broken`,
  ...broken.flatMap((check) => check.problems.map((problem) => `${check.file}: ${problem}`)),
  model
    ? `model of ${model.trainedFor.slice(0, 16)}Z: area under the curve ${model.metrics.areaUnderCurve.toFixed(3)}, loss ${model.metrics.loss.toFixed(4)}`
    : "no model yet",
];

writeWhole(
  work("report.md"),
  `# ${title}\n\n${[columns, columns.map(() => "---"), ...table].map((row) => `| ${row.join(" | ")} |`).join("\n")}\n\n` +
    `${notes.map((note) => `- ${note}`).join("\n")}\n`,
);
const cells = (row, tag) => `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
writeWhole(
  work("report.html"),
  `<!doctype html><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>body{font:16px system-ui;max-width:45em;margin:2em auto}td,th{padding:.3em 1em;text-align:right}</style>
<h1>${escapeHtml(title)}</h1>
<table>${cells(columns, "th")}${table.map((row) => cells(row, "td")).join("")}</table>
<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>
`,
);
console.log(`${title}: ${notes[0]}`);

function escapeHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
