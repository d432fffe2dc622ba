import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { cfnTemplate, type CfnTemplate } from "./cfn-template.ts";

/** One stack of a cloud assembly, as it was synthesised. */
export interface StackSource {
  readonly name: string;
  /** Folder of its template; asset paths are relative to it. */
  readonly folder: string;
  readonly template: CfnTemplate;
  /** Absolute path of each staged asset, by the key under which a deployment would upload it. */
  readonly assets: ReadonlyMap<string, string>;
  readonly account: string | null;
  readonly region: string | null;
}

const artifact = z.object({
  type: z.string(),
  environment: z.string().optional(),
  properties: z
    .object({
      templateFile: z.string().optional(),
      stackName: z.string().optional(),
      file: z.string().optional(),
      directoryName: z.string().optional(),
    })
    .optional(),
});
const manifest = z.object({ artifacts: z.record(z.string(), artifact).default({}) });
const assetManifest = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

/**
 * Reads the stacks of a `cdk.out` folder, those of its stages included.
 * @throws {Error} naming the file when the folder was not synthesised or is of a form that is not known
 */
export function readAssembly(folder: string): StackSource[] {
  const manifestPath = join(folder, "manifest.json");
  if (!existsSync(manifestPath)) {
    throw new Error(`${manifestPath} is missing: synthesise the stacks first (npx cdk synth).`);
  }
  const { artifacts } = parseFile(manifestPath, manifest);
  const assets = readAssets(folder, artifacts);
  return Object.entries(artifacts).flatMap(([id, { type, properties, environment }]) => {
    if (type === "cdk:cloud-assembly" && properties?.directoryName !== undefined) {
      return readAssembly(join(folder, properties.directoryName));
    }
    if (type !== "aws:cloudformation:stack" || properties?.templateFile === undefined) return [];
    const template = parseFile(join(folder, properties.templateFile), cfnTemplate);
    return [{ name: properties.stackName ?? id, folder, template, assets, ...placeOf(environment) }];
  });
}

function readAssets(folder: string, artifacts: z.infer<typeof manifest>["artifacts"]): Map<string, string> {
  const assets = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type !== "cdk:asset-manifest" || properties?.file === undefined) continue;
    const { files } = parseFile(join(folder, properties.file), assetManifest);
    for (const { source, destinations } of Object.values(files)) {
      for (const { objectKey } of Object.values(destinations)) {
        if (source.path !== undefined) assets.set(objectKey, resolve(folder, source.path));
      }
    }
  }
  return assets;
}

/** `aws://unknown-account/unknown-region` leaves both open. */
function placeOf(environment: string | undefined): { account: string | null; region: string | null } {
  const [, account = "unknown-account", region = "unknown-region"] =
    /^aws:\/\/([^/]+)\/([^/]+)$/.exec(environment ?? "") ?? [];
  return {
    account: account === "unknown-account" ? null : account,
    region: region === "unknown-region" ? null : region,
  };
}

function parseFile<Value>(path: string, schema: z.ZodType<Value>): Value {
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not of the form that is read here: ${z.prettifyError(parsed.error)}`);
}
