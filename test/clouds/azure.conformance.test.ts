import { afterEach, describe, expect } from "vitest";
import { providerSuite } from "../conformance/suite.ts";
import { WHY_NO_SCHEMAS } from "./azure/schemas.ts";
import { type AzureSubject, openAzureSubject } from "./azure/subject.ts";

const EXCEPTIONS: Readonly<Record<string, string>> = {
  "the same key starts one run, at once or later, here or elsewhere":
    "Container Apps take no key with a start: rota looks first, and between the look and the start another daemon may start the same; azure.runs.test.ts holds what rota can hold",
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

  providerSuite(
    "azure",
    async () => {
      const subject = await openAzureSubject();
      opened.push(subject);
      return subject;
    },
    EXCEPTIONS,
  );
});
