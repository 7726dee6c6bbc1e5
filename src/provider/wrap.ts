import type { CallOptions, Provider } from "./port.ts";

/** The methods of the port that go out and come back once; `logs` and `changes` stream and are passed through as they are. */
export type Method =
  | "listDeployments"
  | "apply"
  | "setPaused"
  | "start"
  | "find"
  | "listRuns"
  | "inspect"
  | "measure"
  | "stop"
  | "prune"
  | "check";

export interface Call<M extends Method = Method> {
  readonly method: M;
  /** As they were passed, the options left out. */
  readonly args: readonly unknown[];
  readonly signal?: AbortSignal;
}

/** What is done around each call: `proceed` carries it out, once each time it is called. */
export type Around = <T>(call: Call, proceed: () => Promise<T>) => Promise<T>;

/** A provider whose every call goes through `around`. */
export function wrapProvider(inner: Provider, around: Around): Provider {
  const pass = <T>(
    method: Method,
    args: readonly unknown[],
    options: CallOptions | undefined,
    proceed: () => Promise<T>,
  ) => around<T>({ method, args, ...(options?.signal && { signal: options.signal }) }, proceed);
  const { prune, permissions, unseen, unread, unstoppable, listingDelaySeconds, changes, metrics } = inner;
  return {
    type: inner.type,
    placement: inner.placement,
    capabilities: inner.capabilities,
    ...(inner.scope === undefined ? {} : { scope: inner.scope }),
    render: (desired, now) => inner.render(desired, now),
    listDeployments: (options) => pass("listDeployments", [], options, () => inner.listDeployments(options)),
    apply: (change, options) => pass("apply", [change], options, () => inner.apply(change, options)),
    setPaused: (job, paused, reason, options) =>
      pass("setPaused", [job, paused, reason], options, () => inner.setPaused(job, paused, reason, options)),
    start: (request, options) => pass("start", [request], options, () => inner.start(request, options)),
    find: (run, options) => pass("find", [run], options, () => inner.find(run, options)),
    listRuns: (since, options) => pass("listRuns", [since], options, () => inner.listRuns(since, options)),
    inspect: (handle, options) => pass("inspect", [handle], options, () => inner.inspect(handle, options)),
    measure: (handle, after, options) =>
      pass("measure", [handle, after], options, () => inner.measure(handle, after, options)),
    stop: (handle, mode, options) => pass("stop", [handle, mode], options, () => inner.stop(handle, mode, options)),
    logs: (handle, options) => inner.logs(handle, options),
    ...(prune && {
      prune: (before, options) => pass("prune", [before], options, () => prune.call(inner, before, options)),
    }),
    ...(metrics && { metrics: (job) => metrics.call(inner, job) }),
    ...(unseen && { unseen: (job) => unseen.call(inner, job) }),
    ...(unread && { unread: () => unread.call(inner) }),
    ...(unstoppable && { unstoppable: (handle) => unstoppable.call(inner, handle) }),
    ...(listingDelaySeconds && { listingDelaySeconds: (job) => listingDelaySeconds.call(inner, job) }),
    ...(permissions && { permissions: (jobs) => permissions.call(inner, jobs) }),
    ...(changes && { changes: (options) => changes.call(inner, options) }),
    check: (options) => pass("check", [], options, () => inner.check(options)),
    close: () => inner.close(),
  };
}
