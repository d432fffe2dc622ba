import { configDefaults, defineConfig } from "vitest/config";

/** Long tests (`*.long.test.ts`) and benchmarks have commands of their own: `npm test` must fit in ten minutes on two cores. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/bench/**", "test/**/*.long.test.ts"],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    allowOnly: false,
    passWithNoTests: false,
  },
});
