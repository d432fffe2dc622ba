import { defineConfig, partners } from "./lib/index.ts";

/** The partners that are on, and the copies of Sluice that can be deployed. The first stage is the default one. */
export default defineConfig({
  partners,
  stages: {
    dev: { kind: "dev" },
    prod: { kind: "prod" },
  },
});
