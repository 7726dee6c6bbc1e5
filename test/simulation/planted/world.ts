import type { Sample } from "../../../src/model/index.ts";
import type { Provider } from "../../../src/provider/index.ts";
import type { Planted } from "../planted.ts";

/** Bugs in how the providers and the clock are used. */
export const WORLD_BUGS: readonly Planted[] = [
  {
    name: "a start is sent twice",
    breaks: ["F1", "F4", "L4"],
    provider: (inner) =>
      change(inner, {
        start: async (request, options) => {
          const state = await inner.start(request, options);
          await inner.start({ ...request, run: `${request.run}again` }, options);
          return state;
        },
      }),
  },
  {
    name: "samples that are missing count as idle",
    breaks: ["K3"],
    provider: (inner) => {
      const last = new Map<string, Sample>();
      return change(inner, {
        measure: async (handle, after, options) => {
          const before = last.get(String(handle));
          const fresh = await inner.measure(handle, after, options);
          const newest = fresh.at(-1);
          if (newest) last.set(String(handle), newest);
          return filled(before ? [before, ...fresh] : fresh).filter((s) => s !== before);
        },
      });
    },
  },
  {
    name: "a page of the listing is dropped",
    breaks: ["F2", "K12"],
    provider: (inner) =>
      change(inner, {
        listRuns: async (since, options) => {
          const all = await inner.listRuns(since, options);
          return all.filter((state) => state.fireAt === undefined || (state.fireAt / 60_000) % 2 === 0);
        },
      }),
  },
  {
    name: "what is not ours is listed as ours",
    breaks: ["R1"],
    provider: (inner) =>
      change(inner, {
        listDeployments: async (options) => {
          const ours = await inner.listDeployments(options);
          const mark = { namespace: "test", environment: "dev", job: "theirs-0" };
          const theirs = { kind: "schedule", id: "theirs-0", job: "theirs-0", fields: {}, mark, revision: "1" };
          return [...ours, theirs];
        },
      }),
  },
  {
    name: "what is read back never equals what was written",
    breaks: ["R3"],
    provider: (inner) =>
      change(inner, {
        listDeployments: async (options) =>
          (await inner.listDeployments(options)).map((r) => ({ ...r, fields: { ...r.fields, stamp: 1 } })),
      }),
  },
  {
    name: "an unknown answer is taken for an absence",
    breaks: ["F4", "F1"],
    provider: (inner) =>
      change(inner, {
        start: async (request, options) => {
          try {
            return await inner.start(request, options);
          } catch {
            return inner.start(request, options);
          }
        },
      }),
  },
  {
    name: "the wall clock is used instead of steady time",
    breaks: ["K4", "F2", "K2"],
    env: (env, clock) => ({
      ...env,
      time: { now: () => Math.round(clock.now()), monotonic: () => clock.monotonic(), check: () => 0 },
    }),
  },
  { name: "the lease is ignored: a killed daemon goes on", breaks: ["H1", "F1"], undead: true },
];

function change(inner: Provider, methods: Partial<Provider>): Provider {
  return {
    type: inner.type,
    placement: inner.placement,
    capabilities: inner.capabilities,
    render: (desired, now) => inner.render(desired, now),
    listDeployments: (options) => inner.listDeployments(options),
    apply: (one, options) => inner.apply(one, options),
    setPaused: (job, paused, reason, options) => inner.setPaused(job, paused, reason, options),
    start: (request, options) => inner.start(request, options),
    find: (run, options) => inner.find(run, options),
    listRuns: (since, options) => inner.listRuns(since, options),
    inspect: (handle, options) => inner.inspect(handle, options),
    measure: (handle, after, options) => inner.measure(handle, after, options),
    stop: (handle, mode, options) => inner.stop(handle, mode, options),
    logs: (handle, options) => inner.logs(handle, options),
    check: (options) => inner.check(options),
    close: () => inner.close(),
    ...methods,
  };
}

/** Each gap is closed with a sample in which nothing happened. */
function filled(samples: readonly Sample[]): readonly Sample[] {
  const all: Sample[] = [];
  for (const sample of samples) {
    const before = all.at(-1);
    if (before && sample.from > before.to) {
      const nothing = { cpuSeconds: 0, readBytes: 0, writtenBytes: 0, networkBytes: 0, outputBytes: 0 };
      const gap = { from: before.to, to: sample.from, ...nothing };
      all.push(
        sample.monotonicTo === undefined
          ? gap
          : { ...gap, monotonicTo: sample.monotonicTo - (sample.to - sample.from) },
      );
    }
    all.push(sample);
  }
  return all;
}
