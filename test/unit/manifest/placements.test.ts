import { expect, test } from "vitest";
import { placementSchemas } from "../../../providers/options.ts";
import { loadManifest } from "../../../src/manifest/index.ts";
import { memoryFiles } from "./memory.ts";

/** `line:column code message` of each diagnostic of a manifest whose third line is `providers: …`. */
async function problemsOf(providers: string, schemas = placementSchemas): Promise<readonly string[]> {
  const text = `rota: 1\nnamespace: acme\nproviders: ${providers}\nenvironments: { dev: { provider: local } }\njobs:
  a: { process: { command: [x] }, schedule: manual }\n`;
  const files = memoryFiles({ "jobs.yaml": text });
  const { diagnostics } = await loadManifest({ file: "jobs.yaml", files, placementSchemas: schemas });
  return diagnostics.map((d) => `${d.line}:${d.column} ${d.code} ${d.message}${d.hint ? ` (${d.hint})` : ""}`);
}

test.each<[providers: string, problems: readonly string[]]>([
  ["{ local: { price: 0.20 USD/h, cores: 8, onExit: stop, intervalSeconds: 5, prices: {} } }", []],
  ["{ local: { pric: 0.20 USD/h } }", ['3:23 R1020 unknown key "pric" (did you mean "price"?)']],
  ["{ local: { onExit: stopp } }", ['3:31 R1024 "onExit" cannot be the text "stopp" (did you mean "stop"?)']],
  ["{ local: { cores: -1 } }", ['3:30 R1025 "cores" must be more than 0, not -1']],
  ["{ local: { intervalSeconds: fast } }", ['3:40 R1022 "intervalSeconds" must be a number, not the text "fast"']],
  [
    '{ local: {}, us: { type: aws, region: moon, account: "123456789012", subnets: [s1], executionRole: x } }',
    [
      '3:50 R1066 "region" must be a region such as us-east-1',
      '3:91 R1066 item 1 of "subnets" must be a subnet\'s id',
      '3:111 R1066 "executionRole" must be a role\'s ARN',
      '3:25 R1021 the key "schedulerRole" is missing',
    ],
  ],
])("what a placement says is checked at its place: %s", async (providers, problems) => {
  expect((await problemsOf(providers)).toSorted()).toEqual(problems.toSorted());
});

test("of a type whose schema is not known only what any placement may say is checked", async () => {
  expect(await problemsOf("{ local: { whatever: 1 } }", {})).toEqual([]);
  expect(await problemsOf("{ local: { onExit: never } }", {})).toHaveLength(1);
});
