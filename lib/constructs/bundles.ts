import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, type BuildOptions } from "esbuild";

/** Where the bundle of a lambda file is: a folder with `index.mjs` in it. */
export interface Bundles {
  /** `driverFile` (a file's URL) narrows what the function imports as `#partner` from the whole configuration to one driver. */
  folderOf(lambda: string, driverFile?: string): string;
}

/** How every function is bundled; benchmarks bundle what they compare with in the same way. */
export const bundleSettings = {
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "esm",
  mainFields: ["module", "main"],
  legalComments: "none",
  sourcemap: "linked",
  sourcesContent: false,
} as const satisfies BuildOptions;

export interface BundlesOptions {
  /** Absolute path of the adopter's `sluice.config.ts`, which functions import as `#config`. */
  readonly configPath: string;
  /** Absolute path; gets one folder a lambda file. */
  readonly outFolder: string;
  /** Where `lambdas/` is; Sluice's own package unless a test has others. */
  readonly root?: string;
}

// TypeScript in a clone, JavaScript when Sluice is a dependency.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ownRoot = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Bundles each lambda file once a synthesis, however many functions run it (the webhooks' once a partner). The same sources give the same bytes, wherever
 * they are put.
 *
 * @throws from `folderOf`, when a lambda file is missing or does not compile
 */
export function bundlesOf(options: BundlesOptions): Bundles {
  const done = new Map<string, string>();
  return {
    folderOf(lambda, driverFile) {
      const key = `${lambda} ${driverFile ?? ""}`;
      const folder = done.get(key) ?? bundle(lambda, options, driverFile);
      done.set(key, folder);
      return folder;
    },
  };
}

function bundle(
  lambda: string,
  { configPath, outFolder, root = ownRoot }: BundlesOptions,
  driverFile?: string,
): string {
  const entry = join(root, "lambdas", `${lambda}.${extension}`);
  if (!existsSync(entry)) throw new Error(`${entry} is not there: the function "${lambda}" has no code.`);
  const { outputFiles } = buildSync({
    ...bundleSettings,
    entryPoints: [entry],
    absWorkingDir: root,
    alias: { "#config": configPath, "#partner": driverFile === undefined ? configPath : fileURLToPath(driverFile) },
    // Nothing is written here: the path makes the map's sources relative to the package, the same on every machine.
    outfile: join(root, "index.mjs"),
    write: false,
    logLevel: "silent",
  });
  const folder = join(
    outFolder,
    driverFile === undefined ? lambda : `${lambda}-${basename(dirname(fileURLToPath(driverFile)))}`,
  );
  mkdirSync(folder, { recursive: true });
  for (const file of outputFiles) writeFileSync(join(folder, basename(file.path)), file.contents);
  return folder;
}
