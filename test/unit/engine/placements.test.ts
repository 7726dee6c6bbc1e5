import { describe, expect, it } from "vitest";
import { aws } from "../../../providers/aws/index.ts";
import { openPlacements } from "../../../src/engine/placements.ts";
import type { JsonObject } from "../../../src/model/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { manifest } from "../../support/jobs.ts";
import { SeededRandom } from "../../support/random.ts";

const OPTIONS = {
  region: "us-east-1",
  account: "123456789012",
  subnets: ["subnet-1"],
  executionRole: "arn:aws:iam::123456789012:role/execution",
  schedulerRole: "arn:aws:iam::123456789012:role/scheduler",
};

function open(second: JsonObject) {
  const placements = Object.entries({ one: OPTIONS, two: { ...OPTIONS, ...second } });
  return openPlacements({
    manifest: manifest([], {
      placements: placements.map(([name, options]) => ({ name, type: "aws", options })),
    }),
    registry: { aws: async () => aws },
    stateDir: "/nowhere",
    baseDir: "/nowhere",
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    env: {},
    log: () => {},
    holding: ["one", "two"],
  });
}

describe("placements of one environment", () => {
  it("that would list one another's jobs are refused: each would plan to delete them", async () => {
    await expect(open({ cluster: "other" })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining(
        "providers.one and providers.two are the same place (account 123456789012, us-east-1)",
      ),
    });
  });

  it.each([{ region: "eu-west-1" }, { account: "210987654321" }])("are opened side by side: %j", async (second) => {
    const opened = await open(second);
    expect([...opened.keys()]).toEqual(["one", "two"]);
    for (const { provider } of opened.values()) await provider.close();
  });
});
