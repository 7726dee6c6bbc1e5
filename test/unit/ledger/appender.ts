/** Appends in a loop until it is killed, and prints the last seq of each append once it is acknowledged: for crash.test.ts. */
import { writeSync } from "node:fs";
import { aNote, openAt } from "./events.ts";

const [, , path = "", count = "Infinity"] = process.argv;
const ledger = await openAt(path);
for (let i = 0; i < Number(count); i++) {
  const lanes = Array.from({ length: 1 + (i % 5) }, (_, lane) => ledger.append([aNote(`${i}`), aNote(`${lane}`)]));
  for (const entries of await Promise.all(lanes)) writeSync(1, `${entries.at(-1)?.seq} ${entries.at(-1)?.hash}\n`);
}
await ledger.close();
