// Searches a better step length, and never finds one: somebody set the tolerance to 0, and left a print in the loop.
// It prints, and prints, and would fill the disk. That is what the guard's `output` is for.
import { setTimeout as wait } from "node:timers/promises";
import { fail, newest, readRecords } from "./frame.mjs";

const [file] = newest("orders", 1);
if (file === undefined) fail("no orders to tune on: has the job `orders` run?");
const frame = readRecords(file);
const tolerance = 0;
let error = 1;
while (error > tolerance) {
  error = Math.max(error * 0.999, 1e-6);
  const rows = frame.slice(0, 400).map((order, i) => `${i}  ${Object.values(order).join("  ")}\n`);
  await new Promise((resolve) => process.stdout.write(rows.join(""), resolve));
  await wait(50);
}
