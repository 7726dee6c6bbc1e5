import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { jsonSchema } from "../../../src/manifest/index.ts";
import { load } from "./memory.ts";

const schema = jsonSchema();
const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/** The example of design/manifest.md, with references that exist. */
const EXAMPLE = readFileSync(new URL("../../golden/manifest/example.yaml", import.meta.url), "utf8");

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

function* keys(node: Node, path: string): Generator<[string, Node]> {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    yield [`${path}${key}`, child];
    yield* keys(child, `${path}${key}.`);
  }
  if (typeof node.additionalProperties === "object") yield* keys(node.additionalProperties, `${path}*.`);
  if (node.items) yield* keys(node.items, path);
  for (const part of node.anyOf ?? []) yield* keys(part, path);
}

test("the example is valid, by the loader and by the schema", async () => {
  const { diagnostics, manifest } = await load(EXAMPLE, "prod");
  expect(diagnostics).toEqual([]);
  expect(manifest?.jobs.map(({ name }) => name)).toEqual(["churn-score", "invoices"]);
  expect(validate(parse(EXAMPLE)), JSON.stringify(validate.errors)).toBe(true);
});

test("every key says what it is", () => {
  const all = [...keys(schema as Node, "")];
  expect(all.length).toBeGreaterThan(150);
  expect(all.filter(([, node]) => !node.description).map(([path]) => path)).toEqual([]);
});

test("every key stands in docs/manifest.md", () => {
  const page = readFileSync(new URL("../../../docs/manifest.md", import.meta.url), "utf8");
  const names = new Set([...keys(schema as Node, "")].map(([path]) => path.split(".").at(-1) ?? ""));
  expect([...names].filter((name) => !page.includes(`\`${name}\``) && !new RegExp(`\\b${name}:`).test(page))).toEqual(
    [],
  );
});

/** What the schema can say: types, unknown and missing keys, choices, ranges, the form of units and names. */
const SAYABLE = new Set(["R1020", "R1021", "R1022", "R1023", "R1024", "R1025", "R1026", "R1034"]);

const bad = readFileSync(new URL("../../golden/manifest/job.txt", import.meta.url), "utf8")
  .split(/^=== /m)
  .filter((part) => part !== "" && !part.includes("--- tail"))
  .map((part) => ({
    head: part.slice(0, part.indexOf("\n")),
    body: part.slice(part.indexOf("\n") + 1).replace(/[⟦⟧]/g, ""),
  }))
  .filter(({ head }) => SAYABLE.has(head.split(" | ")[1] ?? ""));

/** Rules between two keys, and what merging may still supply: the loader's part. */
const LOADER_ONLY = [
  "process without command",
  "image missing",
  "url missing",
  "vm of everything",
  "retry waits less and less",
];

test.each(bad)("the schema refuses: $head", ({ head, body }) => {
  const manifest = `rota: 1\nnamespace: acme\njobs:\n  a:\n${body.replace(/^(?=.)/gm, "    ")}`;
  expect(validate(parse(manifest))).toBe(LOADER_ONLY.some((name) => head.startsWith(name)));
});

test("what the schema refuses, the loader refuses", async () => {
  for (const { head, body } of bad) {
    const manifest = `rota: 1\nnamespace: acme\njobs:\n  a:\n${body.replace(/^(?=.)/gm, "    ")}`;
    if (!validate(parse(manifest))) expect((await load(manifest)).manifest, head).toBeUndefined();
  }
});
