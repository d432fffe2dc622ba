import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { App } from "aws-cdk-lib";
import type { CloudAssembly } from "aws-cdk-lib/cx-api";
import { vi } from "vitest";
import * as z from "zod";
import type { SluiceConfig } from "../../../lib/engine/config.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { createApp } from "../../../lib/stacks/index.ts";
import { driverNamed } from "./drivers.ts";

const Resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.unknown().optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
export const Template = z.looseObject({ Resources: z.record(z.string(), Resource) });

export type Resource = z.infer<typeof Resource>;
export type Template = z.infer<typeof Template>;

export interface SynthOptions {
  /** A name stands for an ordinary driver of that name. */
  readonly partners?: readonly (string | PartnerDriver)[];
  /** `dev` unless said otherwise; null leaves it to the app. */
  readonly stage?: string | null;
  /** Called before synthesis. */
  readonly prepare?: (app: App) => void;
  readonly stages?: SluiceConfig["stages"];
}

// The CDK loads its parts as they are first used: two seconds alone on a machine, many more beside others.
vi.setConfig({ testTimeout: 120_000 });

export const stages = { dev: { kind: "dev" }, prod: { kind: "prod" } } as const;

/** Templates by stack name, with stub bundles: what is in the functions is not these tests' business. */
export function synth(options: SynthOptions = {}): ReadonlyMap<string, Template> {
  return synthAssembly(
    options,
    (assembly) => new Map(assembly.stacks.map((stack) => [stack.stackName, templateAt(stack.templateFullPath)])),
  );
}

/** The cloud assembly, as long as `use` looks at it. */
export function synthAssembly<T>(options: SynthOptions, use: (assembly: CloudAssembly) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "sluice-infra-"));
  const partners = (options.partners ?? ["acme", "globex"]).map((partner) =>
    typeof partner === "string" ? driverNamed(partner) : partner,
  );
  const stage = options.stage === undefined ? "dev" : options.stage;
  try {
    const app = createApp({
      config: { partners, stages: options.stages ?? stages },
      configPath: join(folder, "sluice.config.ts"),
      ...(stage !== null && { stage }),
      bundles: stubBundles(join(folder, "bundles")),
      app: { outdir: join(folder, "cdk.out"), analyticsReporting: false },
    });
    options.prepare?.(app);
    return use(app.synth());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function templateAt(path: string): Template {
  return Template.parse(JSON.parse(readFileSync(path, "utf8")));
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
