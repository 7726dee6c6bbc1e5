/** A process of its own for faults.test.ts and lock.test.ts: `read PATH`, `write PATH`, or `hold PATH` until it is killed. */
import { LedgerError, openLedgerReader } from "../../../src/ledger/index.ts";
import { openAt } from "./events.ts";

const [, , mode, path = ""] = process.argv;
try {
  if (mode === "read") {
    const reader = await openLedgerReader(path);
    const report = await reader.verify();
    console.log(`${report.entries} entries, ${report.ok ? "verified" : "not verified"}`);
  } else {
    await openAt(path);
    console.log("open");
    if (mode === "hold") setInterval(() => undefined, 1000);
  }
} catch (error) {
  console.log(error instanceof LedgerError ? error.code : error);
}
