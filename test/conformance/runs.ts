import { expect } from "vitest";
import type { RunHandle } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "./codes.ts";
import { requestFor, type Subject, untilPhase } from "./subject.ts";
import type { Case } from "./suite.ts";

async function output(provider: Provider, handle: RunHandle, tailLines?: number): Promise<string> {
  let text = "";
  for await (const chunk of provider.logs(handle, tailLines === undefined ? {} : { tailLines })) {
    if (chunk.stream !== "system") text += chunk.text;
  }
  return text;
}

async function start(subject: Subject, run: string, kind: keyof Subject["workloads"]): Promise<RunHandle> {
  return (await subject.provider.start(requestFor(subject, run, subject.workloads[kind]))).handle;
}

async function runsOf(provider: Provider): Promise<readonly (string | undefined)[]> {
  return (await provider.listRuns(0)).map((state) => state.run);
}

export const runCases: Readonly<Record<string, Case>> = {
  "the same key starts one run, at once or later, here or elsewhere": async (subject) => {
    const other = await subject.reopen();
    const request = requestFor(subject, "key-1", subject.workloads.endless);
    const providers = [subject.provider, other, subject.provider, other];
    await Promise.all(providers.map((provider) => provider.start(request)));
    await untilPhase(subject, (await subject.provider.start(request)).handle, "running");
    const states = await Promise.all(providers.map((provider) => provider.start(request)));
    expect(new Set(states.map((state) => JSON.stringify(state.handle))).size).toBe(1);
    expect(await runsOf(subject.provider)).toEqual(["key-1"]);
    await other.close();
  },

  "a run whose start was never acknowledged is found by its key": async (subject) => {
    await start(subject, "key-1", "endless");
    const other = await subject.reopen();
    const found = await other.find("key-1");
    expect(found).toMatchObject({ run: "key-1", job: "job", startedBy: "rota" });
    expect(await other.find("key-2")).toBeUndefined();
    await other.close();
  },

  "a run that ends well says succeeded, with its times": async (subject) => {
    const state = await untilPhase(subject, await start(subject, "key-1", "quick"), "ended");
    expect(state.outcome).toBe("succeeded");
    expect(state.startedAt).toBeLessThanOrEqual(state.endedAt ?? 0);
    expect(state.signal).toBeUndefined();
  },

  "a run that ends badly says failed, with its exit code": async (subject) => {
    const state = await untilPhase(subject, await start(subject, "key-1", "failing"), "ended");
    expect(state).toMatchObject({ outcome: "failed", exitCode: 3 });
  },

  "the outcome is present exactly when ended": async (subject) => {
    const handle = await start(subject, "key-1", "endless");
    const running = await untilPhase(subject, handle, "running");
    expect(running.outcome).toBeUndefined();
    expect(running.endedAt).toBeUndefined();
    expect(running.startedAt).toBeGreaterThan(0);
  },

  "listRuns names every run in flight and leaves out what ended before": async (subject) => {
    const ended = await untilPhase(subject, await start(subject, "key-1", "quick"), "ended");
    await start(subject, "key-2", "endless");
    await start(subject, "key-3", "endless");
    const since = async (at: number) => (await subject.provider.listRuns(at)).map((state) => state.run).sort();
    expect(await since(0)).toEqual(["key-1", "key-2", "key-3"]);
    expect(await since((ended.endedAt ?? 0) + 1)).toEqual(["key-2", "key-3"]);
  },

  "a polite stop ends it, and says stopped": async (subject) => {
    const handle = await start(subject, "key-1", "endless");
    await untilPhase(subject, handle, "running");
    await subject.provider.stop(handle, "polite");
    expect((await untilPhase(subject, handle, "ended")).outcome).toBe("stopped");
  },

  "a hard stop ends it, and says stopped": async (subject) => {
    const handle = await start(subject, "key-1", "endless");
    await untilPhase(subject, handle, "running");
    await subject.provider.stop(handle, "hard");
    expect((await untilPhase(subject, handle, "ended")).outcome).toBe("stopped");
  },

  "stopping again, and stopping what has ended, is no error and changes nothing": async (subject) => {
    const stopped = await start(subject, "key-1", "endless");
    await untilPhase(subject, stopped, "running");
    await Promise.all([subject.provider.stop(stopped, "polite"), subject.provider.stop(stopped, "polite")]);
    const first = await untilPhase(subject, stopped, "ended");
    const good = await start(subject, "key-2", "quick");
    const second = await untilPhase(subject, good, "ended");
    for (const mode of ["polite", "hard"] as const) {
      await subject.provider.stop(stopped, mode);
      await subject.provider.stop(good, mode);
    }
    await subject.settle();
    expect(await subject.provider.inspect(stopped)).toEqual(first);
    expect(await subject.provider.inspect(good)).toEqual(second);
  },

  "a run unknown to the provider is missing": async (subject) => {
    expect(await codeOf(subject.provider.inspect(subject.missingHandle))).toBe("missing");
    expect(await codeOf(subject.provider.measure(subject.missingHandle, 0))).toBe("missing");
    expect(await codeOf(subject.provider.stop(subject.missingHandle, "hard"))).toBe("missing");
    expect(await codeOf(output(subject.provider, subject.missingHandle))).toBe("missing");
  },

  "the output is kept, also after the end and for another daemon": async (subject) => {
    const handle = await start(subject, "key-1", "quick");
    await untilPhase(subject, handle, "ended");
    const other = await subject.reopen();
    expect(await output(subject.provider, handle)).toContain("hello");
    expect(await output(other, handle)).toContain("hello");
    expect(await output(subject.provider, handle, 0)).toBe("");
    expect((await output(subject.provider, handle, 1)).trimEnd().split("\n")).toHaveLength(1);
    await other.close();
  },

  "samples come oldest first, end after what was asked for, and do not overlap": async (subject) => {
    const handle = await start(subject, "key-1", "endless");
    const { startedAt = 0 } = await untilPhase(subject, handle, "running");
    let after = startedAt;
    let count = 0;
    for (let look = 0; look < 50 && count < 3; look += 1) {
      await subject.settle();
      for (const sample of await subject.provider.measure(handle, after)) {
        expect(sample.to).toBeGreaterThan(sample.from);
        expect(sample.to).toBeGreaterThan(after);
        expect(sample.from).toBeGreaterThanOrEqual(after - 50);
        after = sample.to;
        count += 1;
      }
    }
    expect(count).toBeGreaterThanOrEqual(3);
  },

  "runs of another namespace are neither listed, nor found, nor stopped": async (subject) => {
    const handle = await start(subject, "key-1", "endless");
    await untilPhase(subject, handle, "running");
    const stranger = await subject.reopen({ ...subject.owner, namespace: `${subject.owner.namespace}-2` });
    expect(await stranger.listRuns(0)).toEqual([]);
    const found = await stranger.find("key-1").catch((error: { code: string }) => error.code);
    expect([undefined, "denied"]).toContain(found);
    expect(await codeOf(stranger.stop(handle, "hard"))).toMatch(/^(denied|missing)$/);
    await subject.settle();
    expect((await subject.provider.inspect(handle)).phase).toBe("running");
    await stranger.close();
  },
};
