// A logistic regression: what turns an order into numbers, and numbers into a probability.
const CATEGORICAL = { channel: ["web"], category: ["shoes", "books", "garden"], region: ["east", "west", "north"] };
const NUMERIC = ["quantity", "unit_price", "discount", "delivery_days"];

export const FEATURES = [
  "intercept",
  ...NUMERIC,
  ...Object.entries(CATEGORICAL).flatMap(([column, values]) => values.map((value) => `${column}=${value}`)),
];

/** Mean and deviation of each numeric column, so that one step length suits all of them. */
export function scaleOf(orders) {
  return NUMERIC.map((column) => {
    const values = orders.map((order) => Number(order[column]));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
}

export function features(order, scale) {
  const numbers = NUMERIC.map((column, i) => (Number(order[column]) - scale[i].mean) / scale[i].deviation);
  const switches = Object.entries(CATEGORICAL).flatMap(([column, values]) =>
    values.map((value) => (order[column] === value ? 1 : 0)),
  );
  return [1, ...numbers, ...switches];
}

export function probability(weights, row) {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) sum += weights[i] * row[i];
  return 1 / (1 + Math.exp(-sum));
}

/** Mean negative log likelihood: lower is better, ln 2 is a coin. */
export function logLoss(weights, rows, labels) {
  let loss = 0;
  for (const [i, row] of rows.entries()) {
    const p = Math.min(Math.max(probability(weights, row), 1e-12), 1 - 1e-12);
    loss -= labels[i] === 1 ? Math.log(p) : Math.log(1 - p);
  }
  return loss / rows.length;
}

/** The chance that a returned order scores above one that was kept: 0.5 is a coin, 1 is perfect. */
export function areaUnderCurve(scores, labels) {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && scores[order[to + 1]] === scores[order[from]]) to += 1;
    const rank = (from + to) / 2 + 1;
    for (let i = from; i <= to; i += 1) {
      if (labels[order[i]] === 1) {
        rankSum += rank;
        positives += 1;
      }
    }
    from = to + 1;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
