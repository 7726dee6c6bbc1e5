import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonSchema } from "../../../src/manifest/index.ts";

const root = join(import.meta.dirname, "../../..");

test("jobs.schema.json, which editors read, is what validates (after a change: `npm test -- -u`)", async () => {
  await expect(`${JSON.stringify(jsonSchema(), null, 2)}\n`).toMatchFileSnapshot(join(root, "jobs.schema.json"));
});

test("the sample names it, and the package brings it along", () => {
  expect(readFileSync(join(root, "jobs.yaml"), "utf8")).toMatch(
    /^# yaml-language-server: \$schema=jobs\.schema\.json\n/,
  );
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
  expect(files).toContain("jobs.schema.json");
});
