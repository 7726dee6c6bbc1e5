import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deploymentCases } from "./deployments.ts";
import { refusalCases } from "./refusals.ts";
import { runCases } from "./runs.ts";
import type { Subject } from "./subject.ts";

export type Case = (subject: Subject) => Promise<void>;

/** Every case by its name; a provider's exceptions name these. */
export const CASES: Readonly<Record<string, Case>> = { ...deploymentCases, ...runCases, ...refusalCases };

/**
 * The contract of the port, held by every provider. An exception names the case and says why the provider cannot hold
 * it; an exception for a case that does not exist, or without a reason, fails.
 */
export function providerSuite(
  name: string,
  open: () => Promise<Subject>,
  exceptions: Readonly<Record<string, string>> = {},
): void {
  describe(`provider ${name}`, () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    it("is of the type that the registry knows it by", () => expect(subject.provider.type).toBe(name));
    it("has no exception but for cases that there are, each with a reason", () => {
      for (const [excepted, reason] of Object.entries(exceptions)) {
        expect(Object.keys(CASES)).toContain(excepted);
        expect(reason.length).toBeGreaterThan(20);
      }
    });
    for (const [title, check] of Object.entries(CASES)) {
      const reason = exceptions[title];
      const words = reason === undefined ? title : `${title} (excepted: ${reason})`;
      it.skipIf(reason !== undefined)(words, () => check(subject));
    }
  });
}
