import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classify } from "../../../../providers/gcp/errors.ts";
import { jobOfLabels, labelsOf, runJobId, scheduleId } from "../../../../providers/gcp/naming.ts";
import { isSecretReference, secretText, timeoutOf } from "../../../../providers/gcp/resources/run-job.ts";
import { runSize } from "../../../../providers/gcp/sizes.ts";
import { job } from "../../../support/jobs.ts";

const GIB = 2 ** 30;
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/);
const owner = fc.record({ namespace: name, environment: name });

describe("names", () => {
  it("of Cloud Run jobs are DNS labels of at most 49 characters, and different owners and jobs have different ones", () => {
    fc.assert(
      fc.property(owner, name, owner, name, (a, jobA, b, jobB) => {
        const [one, two] = [runJobId(a, jobA), runJobId(b, jobB)];
        expect(one).toMatch(/^[a-z][a-z0-9-]{0,47}[a-z0-9]$/);
        const isSame = JSON.stringify([a, jobA]) === JSON.stringify([b, jobB]);
        expect(one === two).toBe(isSame);
        expect(scheduleId(a, jobA, "1") === scheduleId(b, jobB, "1")).toBe(isSame);
      }),
    );
    const split = (namespace: string, environment: string) => runJobId({ namespace, environment }, "job");
    expect(split("a-b", "c")).not.toBe(split("a", "b-c"));
  });

  it("a mark is read back, however the vendor spells a header, and never of another owner", () => {
    const mark = { namespace: "acme", environment: "dev", job: "job" };
    const spelt = Object.fromEntries(Object.entries(labelsOf(mark)).map(([key, value]) => [key.toUpperCase(), value]));
    expect(jobOfLabels(mark, spelt)).toBe("job");
    expect(jobOfLabels({ ...mark, environment: "prod" }, spelt)).toBeUndefined();
    expect(jobOfLabels(mark, { ...labelsOf(mark), "rota-job": "" })).toBeUndefined();
    expect(jobOfLabels(mark, null)).toBeUndefined();
  });
});

describe("sizes", () => {
  it.each([
    [1, 2 * GIB, "1", "2048Mi", true],
    [0.25, GIB / 4, "1", "512Mi", false],
    [1, 5 * GIB, "2", "5120Mi", false],
    [4, GIB, "4", "2048Mi", false],
    [8, 32 * GIB, "8", "32768Mi", true],
  ])("%d vCPU and %d bytes", (cpu, bytes, gotCpu, memory, exact) => {
    expect(runSize(cpu, bytes)).toEqual({ cpu: gotCpu, memory, exact });
  });
  it.each([
    [9, GIB],
    [1, 33 * GIB],
  ])("%d vCPU and %d bytes are too much", (cpu, bytes) => {
    expect(runSize(cpu, bytes)).toBeUndefined();
  });
});

describe("the platform's own limit", () => {
  const { guard } = job("job");
  it.each([
    [{ durationSeconds: 600 }, 690],
    [{}, 604_800],
    [{ durationSeconds: 600, mode: "observe" }, 604_800],
    [{ durationSeconds: 600, onBreach: "notify" }, 604_800],
    [{ durationSeconds: 600, protect: true }, 604_800],
    [{ durationSeconds: 604_800 }, 604_800],
  ] as const)("%j: %d seconds", (limits, seconds) => {
    expect(timeoutOf(job("job", { guard: { ...guard, ...limits } }))).toBe(seconds);
  });
});

describe("references to secrets", () => {
  it.each([
    ["token", "token:latest"],
    ["token:3", "token:3"],
    ["projects/p/secrets/token", "projects/p/secrets/token:latest"],
    ["projects/p/secrets/token/versions/7", "projects/p/secrets/token:7"],
  ])("%s is %s", (reference, text) => {
    expect(isSecretReference(reference)).toBe(true);
    expect(secretText(reference)).toBe(text);
  });
  it.each(["arn:aws:secretsmanager:x", "a value", "projects/p/token", ""])("%j is none", (reference) => {
    expect(isSecretReference(reference)).toBe(false);
  });
});

describe("what Google answers", () => {
  it.each([
    [5, "NOT_FOUND", "missing"],
    [6, "exists already", "exists"],
    [7, "no", "denied"],
    [8, "Quota exceeded for quota metric 'Write requests' per minute", "throttled"],
    [8, "Quota exceeded: total number of jobs", "invalid"],
    [10, "etag", "conflict"],
    [14, "gone", "unavailable"],
    ["ECONNRESET", "socket", "unavailable"],
    [undefined, "Could not load the default credentials. Browse to …", "denied"],
    [undefined, "x is not a function", "internal"],
  ])("%s %s is %s", (code, details, expected) => {
    const error = Object.assign(new Error(details), code === undefined ? {} : { code, details });
    expect(classify(error, "run:GetJob").code).toBe(expected);
  });
});
