import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";

/** Synthesises stacks in process into `<folder>/cdk.out`, and says where. */
export function synthesise(folder: string, build: (app: App) => void): string {
  const outdir = join(folder, "cdk.out");
  const app = new App({ outdir });
  build(app);
  app.synth();
  return outdir;
}

/** One stack named `Test`. */
export function synthesiseStack(folder: string, build: (stack: Stack) => void): string {
  return synthesise(folder, (app) => build(new Stack(app, "Test")));
}

/** A cloud assembly written by hand, for what CDK would not let through. */
export function writeAssembly(folder: string, templates: Readonly<Record<string, unknown>>): string {
  const outdir = join(folder, "cdk.out");
  mkdirSync(outdir, { recursive: true });
  const artifacts: Record<string, unknown> = {};
  for (const [stack, template] of Object.entries(templates)) {
    const templateFile = `${stack}.template.json`;
    writeFileSync(join(outdir, templateFile), JSON.stringify(template));
    const environment = "aws://unknown-account/unknown-region";
    artifacts[stack] = { type: "aws:cloudformation:stack", environment, properties: { templateFile } };
  }
  writeFileSync(join(outdir, "manifest.json"), JSON.stringify({ version: "55.0.0", artifacts }));
  return outdir;
}

/** A folder with a handler that does nothing, to be an asset. */
export function emptyHandler(folder: string): string {
  const path = join(folder, "handler");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "index.mjs"), "export const handler = async () => ({});\n");
  return path;
}
