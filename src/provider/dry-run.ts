import type { ObservedResource, OwnershipMark, ResourceChange } from "../model/index.ts";
import { ProviderError } from "./error.ts";
import type { Provider } from "./port.ts";
import { type Call, wrapProvider } from "./wrap.ts";

/**
 * Reads pass; of what would change something `report` is told, and nothing is changed. `apply` answers what would be
 * there; `start` is `unsupported`, because there is no honest answer.
 */
export function withDryRun(
  provider: Provider,
  owner: Omit<OwnershipMark, "job">,
  report: (call: Call) => void,
): Provider {
  return {
    ...wrapProvider(provider, (_call, proceed) => proceed()),
    apply: async (change) => {
      if (change.action !== "keep") report({ method: "apply", args: [change] });
      return afterwards(change, owner);
    },
    setPaused: async (job, paused, reason) => report({ method: "setPaused", args: [job, paused, reason] }),
    stop: async (handle, mode) => report({ method: "stop", args: [handle, mode] }),
    start: async (request) => {
      report({ method: "start", args: [request] });
      throw new ProviderError("unsupported", "a dry run starts nothing");
    },
    ...(provider.prune && {
      prune: async (before) => {
        report({ method: "prune", args: [before] });
        return 0;
      },
    }),
  };
}

function afterwards(change: ResourceChange, owner: Omit<OwnershipMark, "job">): ObservedResource | undefined {
  if (change.action === "delete") return undefined;
  if (change.action === "keep") return change.actual;
  const mark = { ...owner, job: change.desired.job };
  const before = change.action === "update" ? change.actual : { revision: "dry-run" };
  return { ...before, ...change.desired, mark };
}
