// Packs all but the newest batches into one compressed file a day, and removes what it has packed.
import { appendFileSync, mkdirSync, readFileSync, unlinkSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { newest, option, progress, work } from "./frame.mjs";

const keep = Number(option("keep", "60"));
const files = newest("orders", Number.MAX_SAFE_INTEGER);
const old = files.slice(0, Math.max(0, files.length - keep));
mkdirSync(work("archive"), { recursive: true });
let bytes = 0;
for (const file of old) {
  // Members of a gzip file may simply follow each other.
  const packed = gzipSync(readFileSync(file));
  appendFileSync(work("archive", `${basename(file).slice(0, 10)}.csv.gz`), packed);
  unlinkSync(file);
  bytes += packed.length;
  progress(basename(file));
}
console.log(`${old.length} batches packed into ${bytes} bytes, ${files.length - old.length} kept`);
