/** A project that depends on Sluice and brings a driver of its own. Texts, because here `sluice` is not installed. */
export const adopterFiles = {
  "package.json": '{ "name": "adopter", "private": true, "type": "module" }',
  "cdk.json": '{ "app": "node app.ts", "notices": false, "versionReporting": false }',
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      target: "es2024",
      module: "nodenext",
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      types: ["node"],
    },
    include: ["*.ts"],
  }),
  "app.ts": `
import { fileURLToPath } from "node:url";
import { createApp } from "sluice/cdk";
import config from "./sluice.config.ts";

createApp({ config, configPath: fileURLToPath(new URL("sluice.config.ts", import.meta.url)) });
`,
  "sluice.config.ts": `
import { defineConfig, partners } from "sluice";
import { initech } from "./driver.ts";

export default defineConfig({ partners: [...partners, initech], stages: { dev: { kind: "dev" } } });
`,
  "driver.ts": `
import { defineModel, definePartner, keysetPages, resource, slidingWindow } from "sluice";
import * as z from "zod";

const thing = defineModel("thing", 1, z.object({ name: z.string() }));

export const initech = definePartner({
  name: "initech",
  title: "Initech",
  docs: "https://initech.example/docs",
  baseUrl: "https://api.initech.example/v1",
  auth: {
    kind: "header",
    header: "authorization",
    prefix: "Bearer ",
    field: "apiKey",
    credential: z.object({ apiKey: z.string() }),
  },
  limits: [slidingWindow({ per: "account", requests: 10, perMs: 1_000 })],
  resources: {
    things: resource({
      model: thing,
      path: "/things",
      page: keysetPages({
        items: "data",
        more: "has_more",
        id: "id",
        after: "after",
        limit: { parameter: "limit", size: 100 },
      }),
      onePath: (id) => \`/things/\${id}\`,
      everyMs: 300_000,
      fullEveryMs: 86_400_000,
      increment: null,
      schema: z.object({ id: z.string(), name: z.string() }),
      id: (raw) => raw.id,
      toRecord: (raw) => ({ name: raw.name }),
    }),
  },
});
`,
} as const;
