// A channel of `notify`: the notice comes as JSON on standard input, and goes as one line into work/notices.log.
import { appendFileSync, mkdirSync } from "node:fs";
import { work } from "./frame.mjs";

let text = "";
for await (const chunk of process.stdin) text += chunk;
mkdirSync(work(), { recursive: true });
appendFileSync(work("notices.log"), `${JSON.stringify(JSON.parse(text))}\n`);
