import type { Registry } from "../src/provider/index.ts";

/** Every type of provider there is. Loaded on first use: the vendors' SDKs are slow to load. */
export const registry: Registry = {
  aws: async () => (await import("./aws/index.ts")).aws,
  azure: async () => (await import("./azure/index.ts")).azure,
  gcp: async () => (await import("./gcp/index.ts")).gcp,
  local: async () => (await import("./local/index.ts")).local,
  memory: async () => (await import("./memory/index.ts")).memory,
};
