import { describe, expect, it } from "vitest";
import { checkLayers } from "./layers.ts";
import { plantTree } from "./planted-tree.ts";

/** A project with one file in every layer, none of which imports anything. */
const project: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({
    name: "sluice",
    imports: { "#config": "./sluice.config.ts" },
    exports: {
      ".": { types: "./dist/lib/index.d.ts", default: "./dist/lib/index.js" },
      "./cdk": { default: "./dist/lib/stacks/index.js" },
    },
  }),
  "sluice.config.ts": "",
  "bin/sluice.ts": "",
  "lambdas/job-consume.ts": "",
  "lib/index.ts": "",
  "lib/models/model.ts": "",
  "lib/engine/gate.ts": "",
  "lib/flows/ingest.ts": "",
  "lib/partners/index.ts": "",
  "lib/partners/acme/driver.ts": "",
  "lib/partners/acme/map.ts": "",
  "lib/partners/acme/sandbox.ts": "",
  "lib/partners/acme/sandbox-orders.ts": "",
  "lib/partners/zenith/driver.ts": "",
  "lib/partners/zenith/sandbox.ts": "",
  "lib/aws/queue.ts": "",
  "lib/constructs/lane.ts": "",
  "lib/stacks/index.ts": "",
  "lib/local/serve.ts": "",
  "lib/local/sandbox/kit.ts": "",
  "lib/console/page.ts": "",
  "test/helper.ts": "",
};

/** What the checker says of a project whose one changed file has this text. */
function verdictOn(file: string, text: string): string[] {
  const root = plantTree({ ...project, [file]: text });
  return checkLayers(root).map((found) => `${found.file}:${found.line} ${found.message}`);
}

/** [file, what it imports, what the checker must say] */
const forbidden: readonly (readonly [string, string, string])[] = [
  ["lib/models/model.ts", "../engine/gate.ts", "models may not import engine (lib/engine/gate.ts)"],
  ["lib/models/model.ts", "node:crypto", "models may not import node:crypto"],
  ["lib/models/model.ts", "lodash", "models may not import the package lodash"],
  ["lib/engine/gate.ts", "../flows/ingest.ts", "engine may not import flows (lib/flows/ingest.ts)"],
  ["lib/engine/gate.ts", "../partners/acme/driver.ts", "engine may not import partners (lib/partners/acme/driver.ts)"],
  ["lib/engine/gate.ts", "node:fs", "engine may not import node:fs"],
  ["lib/engine/gate.ts", "fs/promises", "engine may not import node:fs"],
  ["lib/engine/gate.ts", "@aws-sdk/client-sqs", "engine may not import the package @aws-sdk/client-sqs"],
  ["lib/engine/gate.ts", "sluice", "engine may not import package (lib/index.ts)"],
  ["lib/engine/gate.ts", "sluice/cdk", "engine may not import constructs (lib/stacks/index.ts)"],
  ["lib/engine/gate.ts", "../../test/helper.ts", "engine may not import test/helper.ts, which is in no layer"],
  ["lib/engine/gate.ts", "./gone.ts", "imports lib/engine/gone.ts, which does not exist"],
  ["lib/engine/gate.ts", "/lib/engine/gate.ts", "engine may not import /lib/engine/gate.ts, which is in no layer"],
  ["lib/flows/ingest.ts", "../aws/queue.ts", "flows may not import aws (lib/aws/queue.ts)"],
  ["lib/flows/ingest.ts", "../partners/index.ts", "flows may not import partners (lib/partners/index.ts)"],
  ["lib/flows/ingest.ts", "node:crypto", "flows may not import node:crypto"],
  ["lib/flows/ingest.ts", "#config", "flows may not import config (sluice.config.ts)"],
  ["lib/partners/acme/driver.ts", "../../flows/ingest.ts", "partners may not import flows (lib/flows/ingest.ts)"],
  ["lib/partners/acme/driver.ts", "./sandbox.ts", "partners may not import sandbox (lib/partners/acme/sandbox.ts)"],
  [
    "lib/partners/acme/driver.ts",
    "../zenith/driver.ts",
    "partner acme may not import what is outside its folder (lib/partners/zenith/driver.ts)",
  ],
  [
    "lib/partners/acme/driver.ts",
    "../index.ts",
    "partner acme may not import what is outside its folder (lib/partners/index.ts)",
  ],
  ["lib/partners/acme/driver.ts", "stripe", "partners may not import the package stripe"],
  ["lib/partners/index.ts", "./acme/sandbox.ts", "partners may not import sandbox (lib/partners/acme/sandbox.ts)"],
  ["lib/partners/acme/sandbox.ts", "./driver.ts", "sandbox may not import partners (lib/partners/acme/driver.ts)"],
  ["lib/partners/acme/sandbox.ts", "./map.ts", "sandbox may not import partners (lib/partners/acme/map.ts)"],
  ["lib/partners/acme/sandbox-orders.ts", "../../engine/gate.ts", "sandbox may not import engine (lib/engine/gate.ts)"],
  ["lib/partners/acme/sandbox.ts", "../../local/serve.ts", "sandbox may not import local (lib/local/serve.ts)"],
  [
    "lib/partners/acme/sandbox.ts",
    "../zenith/sandbox.ts",
    "partner acme may not import what is outside its folder (lib/partners/zenith/sandbox.ts)",
  ],
  ["lib/aws/queue.ts", "../flows/ingest.ts", "aws may not import flows (lib/flows/ingest.ts)"],
  ["lib/aws/queue.ts", "../partners/acme/driver.ts", "aws may not import partners (lib/partners/acme/driver.ts)"],
  ["lib/aws/queue.ts", "aws-cdk-lib/aws-sqs", "aws may not import the package aws-cdk-lib"],
  ["lib/constructs/lane.ts", "../aws/queue.ts", "constructs may not import aws (lib/aws/queue.ts)"],
  ["lib/constructs/lane.ts", "../flows/ingest.ts", "constructs may not import flows (lib/flows/ingest.ts)"],
  ["lib/stacks/index.ts", "../../lambdas/job-consume.ts", "constructs may not import lambdas (lambdas/job-consume.ts)"],
  ["lib/stacks/index.ts", "@aws-sdk/client-sqs", "constructs may not import the package @aws-sdk/client-sqs"],
  ["lib/stacks/index.ts", "../partners/acme/sandbox.ts", "constructs may not import sandbox"],
  ["lib/partners/acme/sandbox.ts", "@aws-sdk/client-sqs", "sandbox may not import the package @aws-sdk/client-sqs"],
  ["lib/local/sandbox/kit.ts", "constructs", "sandbox kit may not import the package constructs"],
  ["lib/local/serve.ts", "aws-cdk-lib", "local may not import the package aws-cdk-lib"],
  ["lib/local/serve.ts", "../stacks/index.ts", "local may not import constructs (lib/stacks/index.ts)"],
  ["lib/local/serve.ts", "../constructs/lane.ts", "local may not import constructs (lib/constructs/lane.ts)"],
  ["lib/local/serve.ts", "../flows/ingest.ts", "local may not import flows (lib/flows/ingest.ts)"],
  ["lib/local/serve.ts", "../aws/queue.ts", "local may not import aws (lib/aws/queue.ts)"],
  ["lib/local/serve.ts", "../partners/acme/driver.ts", "local may not import partners (lib/partners/acme/driver.ts)"],
  ["lib/local/serve.ts", "../../lambdas/job-consume.ts", "local may not import lambdas (lambdas/job-consume.ts)"],
  ["lib/local/sandbox/kit.ts", "../serve.ts", "sandbox kit may not import local (lib/local/serve.ts)"],
  ["lib/local/sandbox/kit.ts", "../../engine/gate.ts", "sandbox kit may not import engine (lib/engine/gate.ts)"],
  ["lib/console/page.ts", "../engine/gate.ts", "console may import only types of engine (lib/engine/gate.ts)"],
  ["lib/console/page.ts", "../aws/queue.ts", "console may not import aws (lib/aws/queue.ts)"],
  ["lib/index.ts", "./stacks/index.ts", "package may not import constructs (lib/stacks/index.ts)"],
  ["lambdas/job-consume.ts", "@aws-sdk/client-sqs", "lambdas may not import the package @aws-sdk/client-sqs"],
  ["lambdas/job-consume.ts", "../lib/stacks/index.ts", "lambdas may not import constructs (lib/stacks/index.ts)"],
  ["lambdas/job-consume.ts", "../lib/local/serve.ts", "lambdas may not import local (lib/local/serve.ts)"],
  ["lambdas/job-consume.ts", "../lib/partners/acme/sandbox.ts", "lambdas may not import sandbox"],
  ["sluice.config.ts", "./lib/stacks/index.ts", "config may not import constructs (lib/stacks/index.ts)"],
  ["bin/sluice.ts", "../lambdas/job-consume.ts", "bin may not import lambdas (lambdas/job-consume.ts)"],
  ["bin/sluice.ts", "../lib/partners/acme/sandbox.ts", "bin may not import sandbox"],
  ["bin/sluice.ts", "@aws-sdk/client-sqs", "bin may not import the package @aws-sdk/client-sqs"],
];

const allowed: readonly (readonly [string, string])[] = [
  ["lib/models/model.ts", "zod"],
  ["lib/engine/gate.ts", "../models/model.ts"],
  ["lib/engine/gate.ts", "node:crypto"],
  ["lib/flows/ingest.ts", "../engine/gate.ts"],
  ["lib/partners/index.ts", "./acme/driver.ts"],
  ["lib/partners/acme/driver.ts", "./map.ts"],
  ["lib/partners/acme/driver.ts", "../../engine/gate.ts"],
  ["lib/partners/acme/sandbox.ts", "./sandbox-orders.ts"],
  ["lib/partners/acme/sandbox.ts", "../../local/sandbox/kit.ts"],
  ["lib/partners/acme/sandbox.ts", "stripe"],
  ["lib/partners/acme/sandbox.ts", "node:http"],
  ["lib/aws/queue.ts", "@aws-sdk/client-sqs"],
  ["lib/aws/queue.ts", "../engine/gate.ts"],
  ["lib/stacks/index.ts", "../constructs/lane.ts"],
  ["lib/stacks/index.ts", "../partners/index.ts"],
  ["lib/stacks/index.ts", "aws-cdk-lib/aws-sqs"],
  ["lib/local/serve.ts", "../partners/acme/sandbox.ts"],
  ["lib/local/serve.ts", "@aws-sdk/client-sqs"],
  ["lambdas/job-consume.ts", "#config"],
  ["lambdas/job-consume.ts", "../lib/aws/queue.ts"],
  ["lambdas/job-consume.ts", "../lib/flows/ingest.ts"],
  ["sluice.config.ts", "sluice"],
  ["bin/sluice.ts", "../lib/local/serve.ts"],
  ["bin/sluice.ts", "../lib/stacks/index.ts"],
];

describe("layers", () => {
  it("accepts a project that imports nothing", () => {
    expect(checkLayers(plantTree(project))).toEqual([]);
  });

  it.each(forbidden)("refuses that %s imports %s", (file, specifier, message) => {
    const verdict = verdictOn(file, `\nimport * as it from "${specifier}";\nvoid it;\n`);
    expect(verdict).toHaveLength(1);
    expect(verdict[0]).toContain(`${file}:2 ${message}`);
  });

  it.each(allowed)("lets %s import %s", (file, specifier) => {
    expect(verdictOn(file, `import * as it from "${specifier}";\nvoid it;\n`)).toEqual([]);
  });

  const queue = "../aws/queue.ts";
  it.each([
    ["a static import", `import { queue } from "${queue}";`],
    ["a default import", `import queue from "${queue}";`],
    ["a side-effect import", `import "${queue}";`],
    ["a type import", `import type { Queue } from "${queue}";`],
    ["an inline type import", `import { type Queue } from "${queue}";`],
    ["a re-export", `export { queue } from "${queue}";`],
    ["a re-export of everything", `export * from "${queue}";`],
    ["a re-export of everything under a name", `export * as queue from "${queue}";`],
    ["a type re-export", `export type { Queue } from "${queue}";`],
    ["a dynamic import", `export const queue = () => import("${queue}");`],
    ["a dynamic import of a template", `export const queue = () => import(\`${queue}\`);`],
    ["an import type", `export type Queue = import("${queue}").Queue;`],
    ["typeof an import", `export type Queue = typeof import("${queue}");`],
    ["an import assignment", `import queue = require("${queue}");`],
    ["require", `export const queue = require("${queue}");`],
    ["import.meta.resolve", `export const path = import.meta.resolve("${queue}");`],
    ["a triple-slash reference", `/// <reference path="${queue}" />`],
    ["an import whose name is escaped", `import "../\\u0061ws/queue.ts";`],
    ["an import on several lines", `import {\n  queue,\n} from\n  "${queue}";`],
  ])("sees %s", (_, text) => {
    expect(verdictOn("lib/flows/ingest.ts", `${text}\n`)).toEqual([
      "lib/flows/ingest.ts:1 flows may not import aws (lib/aws/queue.ts)",
    ]);
  });

  it("does not take comments and strings for imports", () => {
    const text = `// import "../aws/queue.ts";\nexport const text = 'import "../aws/queue.ts"';\n`;
    expect(verdictOn("lib/flows/ingest.ts", text)).toEqual([]);
  });

  it("refuses a computed import outside the local stack and the commands", () => {
    const text = "export const load = (path: string) => import(path);\n";
    expect(verdictOn("lib/aws/queue.ts", text)).toEqual([
      "lib/aws/queue.ts:1 aws may not load a module by a computed name",
    ]);
    expect(verdictOn("lib/local/serve.ts", text)).toEqual([]);
  });

  it("refuses process.getBuiltinModule and createRequire in the engine", () => {
    const text = `export const fs = process.getBuiltinModule("fs");\nexport const load = createRequire(import.meta.url);\n`;
    expect(verdictOn("lib/engine/gate.ts", text)).toEqual([
      "lib/engine/gate.ts:1 engine may not import node:fs",
      "lib/engine/gate.ts:2 engine may not load a module by a computed name",
    ]);
  });

  it("lets the console import types, and nothing that runs", () => {
    const file = "lib/console/page.ts";
    expect(verdictOn(file, `import type { Gate } from "../engine/gate.ts";\n`)).toEqual([]);
    expect(verdictOn(file, `import { type Gate } from "../engine/gate.ts";\n`)).toEqual([
      "lib/console/page.ts:1 console may import only types of engine (lib/engine/gate.ts)",
    ]);
  });

  it("names a folder that belongs to no layer", () => {
    expect(verdictOn("lib/misc/helper.ts", "")).toEqual([
      "lib/misc/helper.ts:1 is in no layer: move it, or name its layer in layer-table.ts",
    ]);
  });
});
