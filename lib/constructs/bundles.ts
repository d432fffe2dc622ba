import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, type BuildOptions } from "esbuild";

/** Where the bundle of a lambda file is: a folder with `index.mjs` in it. */
export interface Bundles {
  folderOf(lambda: string): string;
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
 * Bundles each lambda file once a synthesis, however many functions run it. The same sources give the same bytes, wherever
 * they are put.
 *
 * @throws from `folderOf`, when a lambda file is missing or does not compile
 */
export function bundlesOf(options: BundlesOptions): Bundles {
  const done = new Map<string, string>();
  return {
    folderOf(lambda) {
      const folder = done.get(lambda) ?? bundle(lambda, options);
      done.set(lambda, folder);
      return folder;
    },
  };
}

function bundle(lambda: string, { configPath, outFolder, root = ownRoot }: BundlesOptions): string {
  const entry = join(root, "lambdas", `${lambda}.${extension}`);
  if (!existsSync(entry)) throw new Error(`${entry} is not there: the function "${lambda}" has no code.`);
  const { outputFiles } = buildSync({
    ...bundleSettings,
    entryPoints: [entry],
    absWorkingDir: root,
    alias: { "#config": configPath },
    // Nothing is written here: the path makes the map's sources relative to the package, the same on every machine.
    outfile: join(root, "index.mjs"),
    write: false,
    logLevel: "silent",
  });
  const folder = join(outFolder, lambda);
  mkdirSync(folder, { recursive: true });
  for (const file of outputFiles) writeFileSync(join(folder, basename(file.path)), file.contents);
  return folder;
}
