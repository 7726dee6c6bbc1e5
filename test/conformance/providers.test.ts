import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { registry } from "../../providers/index.ts";
import { openLocalSubject } from "./local.ts";
import { openMemorySubject } from "./memory.ts";
import type { Subject } from "./subject.ts";
import { providerSuite } from "./suite.ts";

/** Every provider there is, with what it cannot hold and why. */
const SUBJECTS: Readonly<
  Record<string, { readonly open: () => Promise<Subject>; readonly exceptions?: Readonly<Record<string, string>> }>
> = {
  local: { open: () => openLocalSubject() },
  memory: { open: () => openMemorySubject() },
};

/** Clouds: the suite holds them in their lane, which says when it is skipped for want of an emulator. */
const IN_LANES: Readonly<Record<string, string>> = {
  aws: "../clouds/aws.conformance.test.ts",
  azure: "../clouds/azure.conformance.test.ts",
  gcp: "../clouds/gcp.conformance.test.ts",
};

for (const [name, { open, exceptions }] of Object.entries(SUBJECTS)) providerSuite(name, open, exceptions);

describe("providers", () => {
  it("are all in the registry and in this suite", async () => {
    const entries = await readdir(new URL("../../providers", import.meta.url), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    expect(Object.keys(registry).sort()).toEqual(folders.sort());
    expect([...Object.keys(SUBJECTS), ...Object.keys(IN_LANES)].sort()).toEqual(folders.sort());
    for (const [name, lane] of Object.entries(IN_LANES)) {
      expect(await readFile(new URL(lane, import.meta.url), "utf8")).toMatch(
        new RegExp(`providerSuite\\(\\s*"${name}"`),
      );
    }
  });

  it.each(Object.keys(registry))("%s says its own type", async (type) => {
    expect((await registry[type]?.())?.type).toBe(type);
  });
});
