#!/usr/bin/env node
// What `rota` starts when it is installed. It has to parse on any Node, so that an old one gets an answer and no
// stack trace: no syntax newer than ECMAScript 2015 but import(), and no import of anything else.
const wanted = 26;
const major: number = Number.parseInt(process.versions.node, 10);

if (major < wanted) {
  process.stderr.write(
    `rota needs Node ${String(wanted)} or later; this is ${process.version}, at ${process.execPath}\n`,
  );
  process.exitCode = 1;
} else {
  void import("./main.ts");
}
