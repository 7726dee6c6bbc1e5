import { expect } from "vitest";
import type { RunHandle } from "../../src/model/index.ts";
import { NOW } from "../support/jobs.ts";
import { codeOf } from "./codes.ts";
import { deploy, desiredJob, requestFor, untilPhase } from "./subject.ts";
import type { Case } from "./suite.ts";

const NO_HANDLES: readonly RunHandle[] = [
  null,
  7,
  "",
  "../../etc/passwd",
  [],
  {},
  { run: 7 },
  { run: "../.." },
  { pid: 1 },
];

export const refusalCases: Readonly<Record<string, Case>> = {
  "every method gives up when the caller has": async (subject) => {
    const { provider } = subject;
    const { handle } = await provider.start(requestFor(subject, "key-1", subject.workloads.endless));
    await untilPhase(subject, handle, "running");
    const [actual] = await deploy(provider, desiredJob(subject, "job", subject.workloads.quick));
    if (!actual) throw new Error("the job became no resource");
    const options = { signal: AbortSignal.abort() };
    const calls = [
      provider.listDeployments(options),
      provider.apply({ action: "delete", actual, why: "test" }, options),
      provider.setPaused("job", true, "test", options),
      provider.start(requestFor(subject, "key-2", subject.workloads.endless), options),
      provider.find("key-1", options),
      provider.listRuns(0, options),
      provider.inspect(handle, options),
      provider.measure(handle, 0, options),
      provider.stop(handle, "hard", options),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe("unavailable");
    expect(await provider.find("key-2")).toBeUndefined();
    expect((await provider.inspect(handle)).phase).toBe("running");
    expect((await provider.listDeployments()).filter((each) => each.paused)).toEqual([]);
  },

  "whatever is passed for a handle, the answer is a closed code": async (subject) => {
    for (const handle of NO_HANDLES) {
      for (const call of [
        subject.provider.inspect(handle),
        subject.provider.measure(handle, 0),
        subject.provider.stop(handle, "hard"),
      ]) {
        expect(await codeOf(call)).toMatch(/^(missing|invalid)$/);
      }
    }
  },

  "a workload that it cannot run is refused when rendered, and unsupported when started": async (subject) => {
    const { provider } = subject;
    const all = ["process", "container", "http", "vm", "target"] as const;
    const samples = {
      process: { kind: "process", command: ["true"], shell: false, cpu: 1, memoryBytes: 1, env: {}, secrets: {} },
      container: { kind: "container", image: "busybox", command: [], cpu: 1, memoryBytes: 1, env: {}, secrets: {} },
      http: {
        kind: "http",
        url: "http://127.0.0.1:9/",
        method: "POST",
        headers: {},
        secrets: {},
        timeoutSeconds: 1,
        expectStatus: [],
      },
      target: { kind: "target" },
      vm: { kind: "vm", instances: ["a"], tags: {}, action: "start" },
    } as const;
    for (const kind of all.filter((each) => !provider.capabilities.workloads.includes(each))) {
      const { refusal, resources } = provider.render(desiredJob(subject, "job", samples[kind]), NOW);
      expect(refusal?.reason).toBeTruthy();
      expect(refusal?.fix).toBeTruthy();
      expect(resources).toEqual([]);
      expect(await codeOf(provider.start(requestFor(subject, `key-${kind}`, samples[kind])))).toBe("unsupported");
      expect(await provider.find(`key-${kind}`)).toBeUndefined();
    }
    expect(provider.capabilities.workloads.length).toBeGreaterThan(0);
  },

  "check answers findings, each with words, and never throws": async (subject) => {
    for (const options of [{}, { signal: AbortSignal.abort() }]) {
      const findings = await subject.provider.check(options);
      expect(findings.length).toBeGreaterThan(0);
      for (const finding of findings) expect(finding.detail).toBeTruthy();
    }
  },
};
