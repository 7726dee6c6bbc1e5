import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApi } from "../../providers/azure/api/index.ts";
import { connect } from "../../providers/azure/index.ts";
import type { RunHandle } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { requestFor, untilPhase } from "../conformance/subject.ts";
import { SeededRandom } from "../support/random.ts";
import { authority } from "./azure/authority.ts";
import { type AzureSubject, openAzureSubject } from "./azure/subject.ts";
import { ENVIRONMENT, SUBSCRIPTION } from "./azure/world.ts";

const MINUTE = 60_000;

let subject: AzureSubject;
beforeEach(async () => {
  subject = await openAzureSubject();
});
afterEach(async () => {
  expect(subject.world.arm.problems).toEqual([]);
  await subject.close();
});

async function started(): Promise<{ readonly handle: RunHandle; readonly execution: string }> {
  const { handle } = await subject.provider.start(requestFor(subject, "key-1", subject.workloads.endless));
  await untilPhase(subject, handle, "running");
  return { handle, execution: (handle as { readonly execution: string }).execution };
}

async function textOf(provider: Provider, handle: RunHandle, options = {}): Promise<string> {
  let text = "";
  for await (const chunk of provider.logs(handle, options)) text += `${chunk.stream} ${chunk.text}`;
  return text;
}

describe("samples", () => {
  it("are what Azure Monitor knows of the minute, in the port's units", async () => {
    const { handle } = await started();
    const { clock, arm } = subject.world;
    arm.monitor.usage = () => ({ cores: 0.25, bytes: 3000 });
    clock.advance(20 * MINUTE);
    const samples = await subject.provider.measure(handle, clock.now() - 10 * MINUTE);
    expect(samples.length).toBeGreaterThanOrEqual(4);
    const whole = samples.filter(({ from, to }) => to - from === MINUTE);
    for (const sample of whole)
      expect(sample).toMatchObject({ cpuSeconds: 15, networkBytes: 6000, memoryBytes: 2 ** 28, outputBytes: 0 });
  });

  it("a minute of which nothing is known is a gap, and no sample says zero", async () => {
    const { handle } = await started();
    const { clock, arm } = subject.world;
    const gap = Math.ceil(clock.now() / MINUTE) * MINUTE + 3 * MINUTE;
    arm.monitor.usage = (_execution, minute) => (minute === gap ? undefined : { cores: 1, bytes: 0 });
    clock.advance(20 * MINUTE);
    const samples = await subject.provider.measure(handle, 0);
    expect(samples.some(({ from }) => from === gap)).toBe(false);
    expect(samples.some(({ from }) => from === gap + MINUTE)).toBe(true);
  });

  it("wait until the minute's output has come in too, and count what repeats", async () => {
    const { handle, execution } = await started();
    const { clock, arm } = subject.world;
    clock.advance(MINUTE);
    const minute = Math.floor(clock.now() / MINUTE) * MINUTE;
    for (const text of ["a", "a", "a", "b"]) arm.monitor.lines.push({ execution, at: minute + 30_000, text });
    clock.advance(minute + 5 * MINUTE - clock.now());
    expect((await subject.provider.measure(handle, 0)).some(({ to }) => to > minute)).toBe(false);
    clock.advance(MINUTE + 1);
    const sample = (await subject.provider.measure(handle, 0)).find(({ from }) => from === minute);
    expect(sample).toMatchObject({ outputBytes: 8, repeatingShare: 0.5, repeatingLine: "a" });
  });

  it("output is unknown, not nothing, before Log Analytics has its table", async () => {
    const { handle } = await started();
    subject.world.arm.monitor.hasTable = false;
    subject.world.clock.advance(10 * MINUTE);
    const [sample] = await subject.provider.measure(handle, 0);
    expect(sample?.cpuSeconds).toBeGreaterThan(0);
    expect(sample).not.toHaveProperty("outputBytes");
    // The server counts the refusal among its problems: here it is meant.
    subject.world.arm.problems.splice(0);
  });

  it("a workspace that refuses is no silence", async () => {
    const { handle } = await started();
    subject.world.clock.advance(10 * MINUTE);
    subject.world.arm.fault = ({ path }) =>
      path.startsWith("/v1/") ? { kind: "status", status: 403, code: "InsufficientAccessError" } : undefined;
    expect(await codeOf(subject.provider.measure(handle, 0))).toBe("denied");
  });
});

describe("logs", () => {
  it("are followed to the run's end, each line once, also those of one and the same moment", async () => {
    const { handle, execution } = await started();
    const { clock, arm } = subject.world;
    arm.monitor.lines.splice(0);
    const at = clock.now();
    let looks = 0;
    arm.fault = ({ path }) => {
      if (!path.startsWith("/v1/")) return undefined;
      looks += 1;
      for (const text of [`${looks}a`, `${looks}b`])
        arm.monitor.lines.push({ execution, at: at + Math.floor(looks / 2) * 1000, text });
      const run = arm.apps.executions.get(execution);
      if (looks === 4 && run) run.stoppedAt = clock.now();
      return undefined;
    };
    const lines = (await textOf(subject.provider, handle, { follow: true })).trimEnd().split("\n");
    expect(lines).toEqual(["1a", "1b", "2a", "2b", "3a", "3b", "4a", "4b", "5a", "5b"].map((line) => `stdout ${line}`));
  });

  it("tell stdout from stderr, and give the last lines alone", async () => {
    const { handle, execution } = await started();
    const { clock, arm } = subject.world;
    arm.monitor.lines.push({ execution, at: clock.now() + 1, text: "oh", stream: "stderr" });
    expect(await textOf(subject.provider, handle)).toBe("stdout hello\nstdout world\nstderr oh\n");
    expect(await textOf(subject.provider, handle, { tailLines: 2 })).toBe("stdout world\nstderr oh\n");
  });

  it("say what is missing where no workspace is named", async () => {
    const { handle } = await started();
    const { logAnalyticsWorkspace: _none, ...options } = subject.world.options;
    const bare = await subject.world.provider(subject.owner, { ...options, logAnalyticsWorkspace: undefined as never });
    expect(await textOf(bare, handle)).toMatch(/^system no Log Analytics workspace/);
    expect(bare.capabilities.metrics.output).toBe(false);
    await bare.close();
  });
});

describe("doctor", () => {
  it("finds everything in order", async () => {
    const findings = await subject.provider.check();
    expect(findings.filter(({ ok }) => ok !== true)).toEqual([]);
  });

  it("one thing that is wrong hides no other", async () => {
    const { arm } = subject.world;
    arm.shelf.edit(ENVIRONMENT, (body) => ({ ...body, location: "West Europe" }));
    arm.fault = ({ action }) =>
      action === "Microsoft.Logic/workflows/read"
        ? { kind: "status", status: 403, code: "AuthorizationFailed" }
        : undefined;
    const bad = (await subject.provider.check()).filter(({ ok }) => ok === false);
    expect(bad.map(({ check }) => check)).toEqual(["environment", "workflows"]);
    for (const { fix } of bad) expect(fix).toBeTruthy();
  });

  it("what a placement does without is a warning", async () => {
    const bare = await subject.world.provider(subject.owner, {
      triggerIdentity: undefined as never,
      logAnalyticsWorkspace: undefined as never,
    });
    const warned = (await bare.check()).filter(({ ok }) => ok === "warning");
    expect(warned.map(({ check }) => check)).toEqual(["trigger identity", "logs"]);
    await bare.close();
  });
});

describe("the connection", () => {
  const settings = async () => {
    const token = { token: "a-token", expiresOnTimestamp: Date.now() + 3_600_000 };
    const endpoint = String(subject.world.options["endpoint"]);
    return {
      settings: { subscription: SUBSCRIPTION, cloud: "public" as const, endpoint, env: {} },
      credential: { getToken: async () => token },
    };
  };

  it("trusts no certificate that nobody vouches for, and says how to vouch", async () => {
    const { settings: to, credential } = await settings();
    const connection = connect(to, { credential });
    const api = createApi(connection, {
      subscription: SUBSCRIPTION,
      clock: subject.world.clock,
      random: new SeededRandom(1),
    });
    await expect(api.get("/subscriptions/x")).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(/self-signed/),
      fix: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
  });

  it("sends a token nowhere else, whatever address an answer names", async () => {
    const { settings: to, credential } = await settings();
    const connection = connect(to, { credential, ca: (await authority()).cert });
    const before = subject.world.arm.exchanges.length;
    for (const path of ["https://evil.test/next", `https://127.0.0.1.evil.test/next`, "http://127.0.0.1:9/x"])
      await expect(connection.send({ method: "GET", path, to: "resourceManager" })).rejects.toThrow(/leads to/);
    expect(subject.world.arm.exchanges).toHaveLength(before);
  });
});
