// Fits the model to the newest batches by gradient descent with momentum, and writes its weights with what they
// are worth on orders that it has not seen.

import { fail, fireInstant, newest, option, progress, readRecords, work, writeWhole } from "./frame.mjs";
import { areaUnderCurve, FEATURES, features, logLoss, probability, scaleOf } from "./model.mjs";

const files = newest("orders", Number(option("batches", "10")));
if (files.length === 0) fail("no orders to learn from: has the job `orders` run?");
const orders = files.flatMap(readRecords);

// Every fifth order is kept back: a model is judged on what it has not seen.
const seen = orders.filter((_, i) => i % 5 !== 0);
const unseen = orders.filter((_, i) => i % 5 === 0);
const scale = scaleOf(seen);
const rows = seen.map((order) => features(order, scale));
const labels = seen.map((order) => Number(order.returned));

const epochs = Number(option("epochs", "200"));
const weights = new Array(FEATURES.length).fill(0);
const speed = new Array(FEATURES.length).fill(0);
for (let epoch = 1; epoch <= epochs; epoch += 1) {
  const slope = new Array(FEATURES.length).fill(0);
  for (const [i, row] of rows.entries()) {
    const error = probability(weights, row) - labels[i];
    for (let j = 0; j < row.length; j += 1) slope[j] += error * row[j];
  }
  for (let j = 0; j < weights.length; j += 1) {
    speed[j] = 0.9 * speed[j] - 0.3 * (slope[j] / rows.length + 1e-4 * weights[j]);
    weights[j] += speed[j];
  }
  if (epoch % 20 === 0) {
    progress(`epoch ${epoch}`);
    console.log(`epoch ${String(epoch).padStart(4)}  loss ${logLoss(weights, rows, labels).toFixed(4)}`);
  }
}

const unseenRows = unseen.map((order) => features(order, scale));
const truth = unseen.map((order) => Number(order.returned));
const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
const constant = [Math.log(share / (1 - share)), ...new Array(FEATURES.length - 1).fill(0)];
const metrics = {
  loss: logLoss(weights, unseenRows, truth),
  lossOfConstant: logLoss(constant, unseenRows, truth),
  areaUnderCurve: areaUnderCurve(
    unseenRows.map((row) => probability(weights, row)),
    truth,
  ),
};
if (!(metrics.loss < metrics.lossOfConstant))
  fail(`the model is no better than a constant: ${JSON.stringify(metrics)}`);
writeWhole(
  work("model.json"),
  JSON.stringify(
    { trainedFor: fireInstant().toISOString(), orders: seen.length, features: FEATURES, weights, scale, metrics },
    null,
    2,
  ),
);
console.log(
  `${seen.length} orders of ${files.length} batches: loss ${metrics.loss.toFixed(4)} against ${metrics.lossOfConstant.toFixed(4)}` +
    ` of a constant, area under the curve ${metrics.areaUnderCurve.toFixed(3)}`,
);
