// Hands the scores to the warehouse, as soon as the warehouse says that it is ready: it puts a file here. In this
// sample it never does, and nobody thought of a time limit. That is what the guard's `idle` is for.
import { copyFileSync, existsSync, mkdirSync, watch } from "node:fs";
import { newest, work } from "./frame.mjs";

mkdirSync(work("warehouse"), { recursive: true });
const ready = work("warehouse", "ready");
console.log("waiting for the warehouse");
const watcher = watch(work("warehouse"), send);
send();

function send() {
  if (!existsSync(ready)) return;
  watcher.close();
  for (const file of newest("scores", 1)) copyFileSync(file, work("warehouse", "scores.csv"));
  console.log("sent");
}
