import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aws, connect } from "../../providers/aws/index.ts";
import type { DesiredJob, JsonObject, ObservedResource } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import { SeededRandom } from "../support/random.ts";
import { wallClock } from "../support/wall-clock.ts";

/**
 * Against an account of your own: `ROTA_AWS_LIVE=FILE` names a file of JSON with the options of a placement, and the
 * credentials come from the usual chain. Makes one schedule that will not fire for weeks and its task definition, in a
 * namespace that no one else has, and takes both down again with their group and log group. Starts nothing.
 */
const FILE = process.env["ROTA_AWS_LIVE"];
const WHY_SKIPPED = FILE === undefined ? "no account: ROTA_AWS_LIVE names no options" : undefined;

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, an account of your own${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    const owner = { namespace: `rota-live-${randomBytes(4).toString("hex")}`, environment: "live" };
    let options: JsonObject;
    let stateDir: string;
    let provider: Provider;
    beforeAll(async () => {
      options = JSON.parse(await readFile(FILE ?? "", "utf8")) as JsonObject;
      stateDir = await mkdtemp(join(tmpdir(), "rota-live-"));
      provider = await aws.open({
        placement: "live",
        options,
        ...owner,
        stateDir,
        baseDir: stateDir,
        clock: wallClock,
        random: new SeededRandom(Number.parseInt(owner.namespace.slice(-6), 16)),
        env: process.env,
        log: () => {},
      });
    });
    afterAll(async () => {
      for (const actual of [...(await provider.listDeployments())].reverse()) {
        await provider.apply({ action: "delete", actual, why: "the live test is over" }).catch(() => undefined);
      }
      await provider.close();
      const endpoint = options["endpoint"];
      const hands = connect({
        region: String(options["region"]),
        env: process.env,
        ...(typeof endpoint === "string" ? { endpoint } : {}),
      });
      const raw = (call: string, input: object): Promise<unknown> => hands.send(call as never, input as never);
      await raw("scheduler:DeleteScheduleGroup", { Name: `rota.${owner.namespace}.${owner.environment}` });
      await raw("logs:DeleteLogGroup", { logGroupName: `/rota/${owner.namespace}/${owner.environment}` });
      hands.close();
      await rm(stateDir, { recursive: true, force: true });
    });

    const desired = (minute: number): DesiredJob => {
      // On a day some weeks from now, once a year.
      const at = new Date(wallClock.now() + 28 * 86_400_000);
      return {
        job: job("probe", {
          ...owner,
          placement: "live",
          workload: {
            kind: "container",
            image: "public.ecr.aws/docker/library/busybox:1",
            command: ["true"],
            cpu: 0.25,
            memoryBytes: 2 ** 29,
            env: {},
            secrets: {},
          },
          schedule: cron(`${minute} 6 ${Math.min(28, at.getUTCDate())} ${at.getUTCMonth() + 1} *`, {
            timezone: "America/Toronto",
          }),
        }),
      };
    };
    const schedule = async (): Promise<ObservedResource> => {
      const found = (await provider.listDeployments()).find(({ kind }) => kind === "schedule");
      if (!found) throw new Error("no schedule");
      return found;
    };

    it("the account is the placement's, and what rota needs is there", async () => {
      const findings = await provider.check();
      expect(findings.filter(({ check, ok }) => ok === false && /^(?:identity|cluster|subnets)$/.test(check))).toEqual(
        [],
      );
    });

    it("what is deployed is listed with equal fields, paused, changed, and listed again from what was read", async () => {
      const { resources } = provider.render(desired(0), wallClock.now());
      await deploy(provider, desired(0));
      const byKind = (all: readonly { kind: string; fields: JsonObject }[]) =>
        Object.fromEntries(all.map(({ kind, fields }) => [kind, fields]));
      expect(byKind(await provider.listDeployments())).toEqual(byKind(resources));
      await provider.setPaused("probe", true, "the live test");
      const actual = await schedule();
      expect(actual.paused).toBe(true);
      const changed = provider.render(desired(30), wallClock.now()).resources.find(({ kind }) => kind === "schedule");
      if (!changed) throw new Error("no schedule");
      await provider.apply({ action: "update", desired: changed, actual, fields: [], why: "the live test" });
      expect(await schedule()).toMatchObject({ paused: true, fields: changed.fields });
      expect(await provider.listDeployments()).toEqual(await provider.listDeployments());
    });

    it("has no runs, and none of anybody else's", async () => {
      expect(await provider.listRuns(0)).toEqual([]);
    });

    it("is taken down whole", async () => {
      await provider.apply({ action: "delete", actual: await schedule(), why: "the live test" });
      const [definition] = await provider.listDeployments();
      if (definition) await provider.apply({ action: "delete", actual: definition, why: "the live test" });
      expect(await provider.listDeployments()).toEqual([]);
    });
  },
);
