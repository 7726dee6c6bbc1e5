import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODES } from "../../../src/diagnostic/index.ts";

const root = new URL("../../../", import.meta.url);

test("the codes that the sources say are those of the table", () => {
  const said = new Set<string>();
  for (const folder of ["src/manifest/", "src/engine/project/", "src/cli/"]) {
    for (const file of readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue;
      for (const [code] of readFileSync(new URL(`${folder}${file}`, root), "utf8").matchAll(/R1\d{3}/g)) said.add(code);
    }
  }
  expect([...said].sort()).toEqual(Object.keys(CODES).sort());
});

test("docs/diagnostics.md says of each code what the table says", () => {
  const page = readFileSync(new URL("docs/diagnostics.md", root), "utf8");
  const rows = [...page.matchAll(/^\| (R\d{4}) \| (.+?) \| (.+) \|$/gm)].map(([, code, title, text]) => [
    code,
    title,
    text,
  ]);
  expect(rows).toEqual(Object.entries(CODES).map(([code, { title, explanation }]) => [code, title, explanation]));
});
