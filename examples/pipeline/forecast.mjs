// Revenue of one region in the batches to come: level and trend, smoothed exponentially (Holt's method).
import { fail, newest, option, progress, readRecords, work, writeTable } from "./frame.mjs";

const region = option("region") ?? fail("say which: --region east");
const revenue = newest("orders", 200).map((file) => {
  progress(file);
  return readRecords(file)
    .filter((order) => order.region === region)
    .reduce((sum, order) => sum + Number(order.quantity) * Number(order.unit_price) * (1 - Number(order.discount)), 0);
});
if (revenue.length < 2) fail(`${revenue.length} batches, at least 2 are needed`);

let level = revenue[0];
let trend = revenue[1] - revenue[0];
for (const value of revenue.slice(1)) {
  const before = level;
  level = 0.4 * value + 0.6 * (level + trend);
  trend = 0.1 * (level - before) + 0.9 * trend;
}
const ahead = Array.from({ length: 10 }, (_, i) => [i + 1, Math.max(0, level + trend * (i + 1)).toFixed(2)]);
writeTable(work("forecasts", `${region}.csv`), ["batches_ahead", "revenue"], ahead);
console.log(`${region}: ${revenue.length} batches seen, next ${ahead[0][1]}, in ten ${ahead[9][1]}`);
