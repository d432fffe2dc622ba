import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { SluiceConfig } from "../../../lib/engine/config.ts";
import { createApp } from "../../../lib/stacks/index.ts";
import { driverNamed } from "./drivers.ts";

const Resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.unknown().optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });

export type Resource = z.infer<typeof Resource>;
export type Template = z.infer<typeof Template>;

export interface SynthOptions {
  readonly partners?: readonly string[];
  readonly stage?: string;
  readonly stages?: SluiceConfig["stages"];
}

export const stages = { dev: { kind: "dev" }, prod: { kind: "prod" } } as const;

/** Templates by stack name, with stub bundles: what is in the functions is not these tests' business. */
export function synth(options: SynthOptions = {}): ReadonlyMap<string, Template> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-infra-"));
  try {
    const app = createApp({
      config: { partners: (options.partners ?? ["acme", "globex"]).map(driverNamed), stages: options.stages ?? stages },
      configPath: join(folder, "sluice.config.ts"),
      stage: options.stage ?? "dev",
      bundles: stubBundles(join(folder, "bundles")),
      app: { outdir: join(folder, "cdk.out"), analyticsReporting: false },
    });
    const assembly = app.synth();
    return new Map(
      assembly.stacks.map((stack) => [
        stack.stackName,
        Template.parse(JSON.parse(readFileSync(stack.templateFullPath, "utf8"))),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function stubBundles(folder: string): { folderOf(lambda: string): string } {
  return {
    folderOf(lambda) {
      const own = join(folder, lambda);
      mkdirSync(own, { recursive: true });
      writeFileSync(join(own, "index.mjs"), `export const handler = async () => "${lambda}";\n`);
      return own;
    },
  };
}
