import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A bound for what hangs, not a measure: machines are busy at times.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Vitest leaves a core free; on the two of CI that is half of them.
    maxWorkers: 2,
  },
});
export default config;
