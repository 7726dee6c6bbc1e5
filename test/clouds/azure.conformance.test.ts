import { afterEach, describe, expect } from "vitest";
import { providerSuite } from "../conformance/suite.ts";
import { WHY_NO_SCHEMAS } from "./azure/schemas.ts";
import { type AzureSubject, openAzureSubject } from "./azure/subject.ts";

const EXCEPTIONS: Readonly<Record<string, string>> = {
  "the same key starts one run, at once or later, here or elsewhere":
    "Container Apps take no key with a start: rota looks first, and between the look and the start another daemon may start the same; azure.runs.test.ts holds what rota can hold",
};

const WITHOUT_ETAGS: Readonly<Record<string, string>> = {
  "of many writers with the same revision one succeeds":
    "without an ETag there is no conditional write: rota reads and compares just before it writes, and between the two another may write",
};

/** Worlds whose requests are still to be looked at. */
const opened: AzureSubject[] = [];

describe(`Azure on an ARM server${WHY_NO_SCHEMAS === undefined ? ", with the published schemas" : ` (schemas skipped: ${WHY_NO_SCHEMAS})`}`, () => {
  afterEach(async () => {
    for (const { world, provider } of opened.splice(0)) {
      expect(world.arm.problems).toEqual([]);
      const [role] = provider.permissions?.([]) ?? [];
      const allowed = new Set(role?.document["Actions"] as readonly string[]);
      expect(
        [...new Set(world.actions)].filter(
          (action) => !allowed.has(action) && !/\/workflows\/(runs|triggers)/.test(action),
        ),
      ).toEqual([]);
    }
  });

  const openWith = async (etags: boolean): Promise<AzureSubject> => {
    const subject = await openAzureSubject({ etags });
    opened.push(subject);
    return subject;
  };
  providerSuite("azure", () => openWith(true), EXCEPTIONS);

  describe("that answers no ETags, as Container Apps document none", () => {
    providerSuite("azure", () => openWith(false), { ...EXCEPTIONS, ...WITHOUT_ETAGS });
  });
});
