// Says for each order of the newest batch how likely it is to come back.
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fail, newest, progress, readRecords, work, writeTable } from "./frame.mjs";
import { areaUnderCurve, FEATURES, features, probability } from "./model.mjs";

if (!existsSync(work("model.json"))) fail("there is no model yet: has the job `train` run?");
const model = JSON.parse(readFileSync(work("model.json"), "utf8"));
if (model.features.join() !== FEATURES.join()) fail("the model was trained on other features: run the job `train`");
const [file] = newest("orders", 1);
if (file === undefined) fail("no orders to score: has the job `orders` run?");

const orders = readRecords(file);
const scores = orders.map((order) => probability(model.weights, features(order, model.scale)));
progress(`${scores.length} scored`);
const rows = orders.map((order, i) => [order.order_id, order.region, scores[i].toFixed(4), order.returned]);
rows.sort((a, b) => Number(b[2]) - Number(a[2]));
writeTable(work("scores", basename(file)), ["order_id", "region", "probability", "returned"], rows);

const truth = orders.map((order) => Number(order.returned));
const expected = scores.reduce((sum, score) => sum + score, 0);
const actual = truth.reduce((sum, label) => sum + label, 0);
console.log(
  `${orders.length} orders scored: ${expected.toFixed(0)} returns expected, ${actual} seen,` +
    ` area under the curve ${areaUnderCurve(scores, truth).toFixed(3)}`,
);
