import { defineConfig } from "vitest/config";

/** Long tests: `npm run test:long`. Whoever changes what they test runs them by hand; CI does not. */
export default defineConfig({
  test: {
    include: ["test/**/*.long.test.ts"],
    pool: "forks",
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    allowOnly: false,
    passWithNoTests: false,
  },
});
