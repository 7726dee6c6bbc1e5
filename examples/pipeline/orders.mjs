// Writes one batch of made-up orders, as a shop's system would every minute. The same fire gives the same file.
import { fireInstant, option, work, writeTable } from "./frame.mjs";

const instant = fireInstant();
const count = Number(option("rows", "2000"));
const draw = stream(Math.floor(instant.getTime() / 60_000));

const COLUMNS = [
  "order_id",
  "ordered_at",
  "region",
  "channel",
  "category",
  "quantity",
  "unit_price",
  "discount",
  "delivery_days",
  "returned",
];
const REGIONS = ["east", "west", "north", "south"];
const CATEGORIES = { shoes: 80, books: 18, garden: 45, kitchen: 60 };

const rows = [];
for (let i = 0; i < count; i += 1) {
  const region = pick(REGIONS);
  const channel = draw() < 0.6 ? "web" : "store";
  const category = pick(Object.keys(CATEGORIES));
  const quantity = 1 + Math.floor(draw() ** 3 * 8);
  const price = CATEGORIES[category] * (0.5 + draw());
  const discount = draw() < 0.7 ? 0 : Math.round(draw() * 50) / 100;
  const days = channel === "store" ? 0 : 1 + Math.floor(draw() ** 2 * 12);
  // The truth that the model has to find: shoes from the web come back, and so does what arrives late.
  const odds =
    -2.6 +
    (category === "shoes" ? 1.4 : 0) +
    (channel === "web" ? 0.6 : 0) +
    0.18 * days +
    1.5 * discount -
    0.1 * quantity;
  const returned = draw() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  const at = new Date(instant.getTime() - Math.floor(draw() * 60_000));
  const id = `${Math.floor(instant.getTime() / 60_000)}-${String(i).padStart(5, "0")}`;
  rows.push([id, at.toISOString(), region, channel, category, quantity, price.toFixed(2), discount, days, returned]);
}

const file = work("orders", `${instant.toISOString().replaceAll(":", "").slice(0, 15)}.csv`);
writeTable(file, COLUMNS, rows);
console.log(
  `${rows.length} orders for ${instant.toISOString()}, ${rows.filter((row) => row[9] === 1).length} returned`,
);

function pick(items) {
  return items[Math.floor(draw() * items.length)];
}

/** Numbers in [0, 1) that the seed determines: a linear congruence, its upper bits taken. */
function stream(seed) {
  let state = BigInt(seed) * 2654435761n + 12345n;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 32n) / 2 ** 32;
  };
}
