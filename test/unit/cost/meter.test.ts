import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fargateSize } from "../../../providers/aws/work/fargate.ts";
import { runSize } from "../../../providers/gcp/sizes.ts";
import { type Metering, meter, priceBook, readOverrides } from "../../../src/cost/index.ts";
import { type Billed, HOUR, type JsonObject, rounded } from "../../../src/model/index.ts";

const GIB = 2 ** 30;

function facts(
  providerType: string,
  placementOptions: JsonObject,
  more: Partial<Metering> & { cpu?: number; gib?: number } = {},
): Metering {
  const { cpu = 1, gib = 2, ...rest } = more;
  const { overrides } = readOverrides(providerType, placementOptions);
  const workload = { kind: "container", cpu, memoryBytes: gib * GIB, gpu: 0 } as const;
  return { book: priceBook(overrides), providerType, placementOptions, workload, ...rest };
}

function cost(request: Metering, ms: number): string {
  const metered = meter({ ...request, from: 1000, to: 1000 + ms });
  return metered.kind === "priced"
    ? `${rounded(metered.nanos, 9)} ${metered.currency}`
    : `unpriced: ${metered.missing}`;
}

const VM = { kind: "vm", cpu: 0, memoryBytes: 0, gpu: 0 } as const;
const AWS = { region: "us-east-1" };
const CA = { location: "eastus" };
const RUN = { location: "us-central1" };

describe("the check figures of the design: 1 vCPU and 2 GiB for an hour", () => {
  test.each([
    ["Fargate", facts("aws", AWS), "0.0494", "0.049370000 USD"],
    ["Container Instances", facts("azure", { ...CA, runner: "aci" }), "0.0494", "0.049400000 USD"],
    ["Cloud Run", facts("gcp", RUN), "0.0792", "0.079200000 USD"],
    ["Container Apps", facts("azure", CA), "0.1080", "0.108000000 USD"],
  ])("%s", (_, request, design, exact) => {
    expect(cost(request, HOUR)).toBe(exact);
    const metered = meter({ ...request, from: 0, to: HOUR });
    expect(metered.kind === "priced" && rounded(metered.hourlyNanos, 4)).toBe(design);
  });
});

test.each([
  [0.5, 1, 1, 1],
  [0.25, 0.25, 1, 0.5],
  [1, 5, 2, 5],
  [4, 1, 4, 2],
  [8, 32, 8, 32],
])("Cloud Run has sizes: %d vCPU and %d GiB cost as much as %d and %d", (cpu, gib, rentedCpu, rentedGib) => {
  expect(cost(facts("gcp", RUN, { cpu, gib }), HOUR)).toBe(
    cost(facts("gcp", RUN, { cpu: rentedCpu, gib: rentedGib }), HOUR),
  );
  expect(runSize(cpu, gib * GIB)).toMatchObject({ cpu: String(rentedCpu), memory: `${rentedGib * 1024}Mi` });
});

test.each([
  [1, 1, 1, 2],
  [0.3, 0.5, 0.5, 1],
  [0.25, 0.25, 0.25, 0.5],
  [2, 4.5, 2, 5],
  [8, 17, 8, 20],
])("Fargate has sizes: %d vCPU and %d GiB cost as much as %d and %d", (cpu, gib, rentedCpu, rentedGib) => {
  expect(cost(facts("aws", AWS, { cpu, gib }), HOUR)).toBe(
    cost(facts("aws", AWS, { cpu: rentedCpu, gib: rentedGib }), HOUR),
  );
});

test("what is metered on Fargate is the size that the adapter rents", () => {
  for (const cpu of [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16]) {
    for (let gib = 0.25; gib <= 120; gib = gib < 8 ? gib + 0.25 : gib + 1.5) {
      const size = fargateSize(cpu, gib * GIB);
      if (!size) continue;
      const rented = { cpu: Number(size.cpu) / 1024, gib: Number(size.memory) / 1024 };
      expect(cost(facts("aws", AWS, { cpu, gib }), HOUR)).toBe(cost(facts("aws", AWS, rented), HOUR));
      expect(fargateSize(rented.cpu, rented.gib * GIB)).toMatchObject({ exact: true });
    }
  }
});

describe("what the vendor says that it bills", () => {
  const asked = { kind: "target", cpu: 0, memoryBytes: 0, gpu: 0 } as const;
  const prices = { "ec2.m5.large": "0.096 USD/hour" };
  const bills = (billed: Billed, options: JsonObject = AWS) => facts("aws", options, { workload: asked, billed });
  const function128 = { service: "lambda", memoryBytes: GIB / 8 } as const;

  test.each([
    ["a function, by the time that the vendor bills", { ...function128, billedMs: 1000 }, "0.000002283 USD"],
    ["an attempt more is a request more", { ...function128, billedMs: 1000, starts: 2 }, "0.000002483 USD"],
    ["on ARM", { ...function128, service: "lambda-arm", billedMs: 1000 }, "0.000001867 USD"],
    ["by the time between start and end, where it says none", function128, "0.007500215 USD"],
    ["no service that is known", { service: "lambda-risc" }, "unpriced: no billing rule for lambda-risc on aws"],
    ["memory that is not known", { service: "lambda" }, "unpriced: how much memory the run had on lambda"],
    ["a machine, which is more than this says", { service: "ec2" }, "unpriced: which machine the run had on ec2"],
  ])("%s", (_, billed, expected) => {
    expect(cost(bills(billed, { ...AWS, prices, instanceType: "m5.large", architecture: "arm64" }), HOUR)).toEqual(
      expected,
    );
  });

  test("nothing is known of it: existing things stay unpriced", () => {
    expect(cost(facts("aws", AWS, { workload: asked }), HOUR)).toContain("billed by its own service");
  });
});

describe("a vendor's rounding and minimum", () => {
  test.each([
    ["Fargate has a minimum of 60 s", facts("aws", AWS), 1, 60_000],
    ["Fargate has whole seconds", facts("aws", AWS), 60_001, 61_000],
    ["Cloud Run has steps of 100 ms", facts("gcp", RUN), 60_001, 60_100],
    ["Cloud Run has a minimum of 60 s for jobs", facts("gcp", RUN), 100, 60_000],
    ["Container Apps has whole seconds", facts("azure", CA), 1, 1000],
    ["Lambda has milliseconds", facts("aws", { ...AWS, runner: "lambda" }), 1.2, 2],
    ["a clock that went back costs the minimum", facts("aws", AWS), -5000, 60_000],
  ])("%s", (_, request, ms, same) => {
    expect(cost(request, ms)).toBe(cost(request, same));
    expect(cost(request, same)).not.toBe(cost(request, same + 1000));
  });
});

test.each([
  ["ARM", facts("aws", { ...AWS, architecture: "arm64" }), "0.039500000 USD"],
  ["Batch costs what runs under it", facts("aws", AWS, { jobOptions: { runner: "batch" } }), "0.049370000 USD"],
  ["storage beyond 20 GiB", facts("aws", AWS, { jobOptions: { ephemeralStorage: "50GiB" } }), "0.052700000 USD"],
  ["a tier of regions", facts("gcp", { location: "europe-west2" }), "0.095040000 USD"],
  ["Lambda with its request", facts("aws", { ...AWS, runner: "lambda" }), "0.120000440 USD"],
  [
    "a machine of its own",
    facts("aws", { ...AWS, instanceType: "m5.large", prices: { "ec2.m5.large": "0.096 USD/hour" } }),
    "0.096000000 USD",
  ],
  [
    "a runner that is named, whatever machine the placement has",
    facts("aws", { ...AWS, instanceType: "m5.large" }, { jobOptions: { runner: "fargate" } }),
    "0.049370000 USD",
  ],
  [
    "Batch on a machine",
    facts(
      "aws",
      { ...AWS, prices: { "ec2.m5.large": "0.096 USD/hour" } },
      { jobOptions: { runner: "batch", instanceType: "m5.large" } },
    ),
    "0.096000000 USD",
  ],
  [
    "Batch of Google Cloud on a machine",
    facts(
      "gcp",
      { ...RUN, prices: { "gce.g2-standard-8": "0.854 USD/hour" } },
      { jobOptions: { runner: "batch", machineType: "g2-standard-8", accelerator: { type: "nvidia-l4" } } },
    ),
    "0.854000000 USD",
  ],
  [
    "a negotiated rate",
    facts("aws", { ...AWS, prices: { "fargate.vcpuX86": "0.03 USD/vCPU-hour" } }),
    "0.038890000 USD",
  ],
  ["a discount", facts("aws", { ...AWS, prices: { discount: "10%" } }), "0.044433000 USD"],
  [
    "a discount leaves a negotiated rate alone",
    facts("aws", { ...AWS, prices: { discount: "100%", "fargate.memoryX86": "0.01 USD/GB-hour" } }),
    "0.020000000 USD",
  ],
  ["a share of a machine", facts("local", { price: "0.20 USD/h", cores: 8 }, { cpu: 2 }), "0.050000000 USD"],
  ["the cores that were counted", facts("local", { price: "0.20 EUR/h" }, { cores: 4 }), "0.050000000 EUR"],
  ["never more than the machine", facts("local", { price: "0.20 USD/h" }, { cpu: 64, cores: 4 }), "0.200000000 USD"],
])("an hour with %s", (_, request, expected) => {
  expect(cost(request, HOUR)).toBe(expected);
});

test("an HTTP call costs nothing of its own, in the currency asked for", () => {
  const workload = { kind: "http", cpu: 0, memoryBytes: 0, gpu: 0 } as const;
  expect(cost({ ...facts("local", {}), workload, currency: "CAD" }, HOUR)).toBe("0.000000000 CAD");
});

test.each([
  ["no price for the machine", facts("local", {}), /price: 0\.20 USD\/h/],
  ["no cores", facts("local", { price: "0.20 USD/h" }), /cores/],
  ["a price that is none", facts("local", { price: "cheap", cores: 1 }), /"cheap"/],
  ["a region without a price", facts("aws", { region: "eu-west-1" }), /fargate\.vcpuX86 in eu-west-1/],
  ["no region", facts("aws", {}), /unnamed region/],
  [
    "a GPU",
    { ...facts("gcp", RUN), workload: { kind: "container", cpu: 1, memoryBytes: GIB, gpu: 1 } as const },
    /GPU/,
  ],
  ["a machine without a price", facts("aws", { ...AWS, instanceType: "m5.metal" }), /ec2\.m5\.metal/],
  ["a machine without a type", facts("gcp", { ...RUN, runner: "batch" }), /machineType/],
  ["somebody else's cores", facts("aws", { ...AWS, price: "1 USD/h" }, { cores: 4 }), /cores/],
  ["an unknown runner", facts("aws", { ...AWS, runner: "abacus" }), /billing rule/],
  ["an unknown provider", facts("mainframe", {}), /billing rule/],
  ["two currencies", facts("aws", { ...AWS, prices: { "fargate.vcpuX86": "1 EUR/vCPU-hour" } }), /EUR and USD/],
  ["storage that cannot be read", facts("aws", AWS, { jobOptions: { ephemeralStorage: "much" } }), /50GiB/],
  [
    "machines of a provider that does not tell of them",
    { ...facts("azure", CA, { machines: 1 }), workload: VM },
    /not tell/,
  ],
  [
    "machines for the hour of a container",
    { ...facts("aws", { ...AWS, price: "1 USD/h", cores: 1 }), workload: VM },
    /how many/,
  ],
  [
    "machines of an unknown number",
    { ...facts("aws", AWS, { jobOptions: { instanceType: "m5.large" } }), workload: VM },
    /tag/,
  ],
  [
    "machines of no type",
    { ...facts("aws", { ...AWS, instanceType: "m5.large" }, { machines: 1 }), workload: VM },
    /instanceType/,
  ],
])("unpriced, never nothing: %s", (_, request, missing) => {
  expect(meter({ ...request, from: 0, to: HOUR })).toEqual({
    kind: "unpriced",
    missing: expect.stringMatching(missing),
  });
});

test("a longer run, more CPU or more memory never costs less", () => {
  const amount = (cpu: number, gib: number, ms: number): bigint => {
    const metered = meter({ ...facts("aws", AWS, { cpu, gib }), from: 0, to: ms });
    return metered.kind === "priced" ? metered.nanos : -1n;
  };
  fc.assert(
    fc.property(
      fc.constantFrom(0.25, 0.5, 1, 2, 4),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 10 * HOUR }),
      fc.integer({ min: 0, max: HOUR }),
      (cpu, gib, ms, more) => {
        expect(amount(cpu, gib, ms + more)).toBeGreaterThanOrEqual(amount(cpu, gib, ms));
        expect(amount(cpu * 2, gib, ms)).toBeGreaterThanOrEqual(amount(cpu, gib, ms));
        expect(amount(cpu, gib + 1, ms)).toBeGreaterThanOrEqual(amount(cpu, gib, ms));
      },
    ),
  );
});
