import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

// Beside this file's own package, as TypeScript in a clone and as JavaScript when Sluice is a dependency.
const root = fileURLToPath(new URL("../../", import.meta.url));
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/**
 * Bundles each lambda file once a synthesis, however many functions run it.
 *
 * @param configPath absolute path of the adopter's `sluice.config.ts`, which functions import as `#config`
 * @param outFolder absolute path; gets one folder a lambda file
 * @throws when a lambda file is missing or does not compile
 */
export function bundlesOf(configPath: string, outFolder: string): Bundles {
  const done = new Map<string, string>();
  return {
    folderOf(lambda) {
      const folder = done.get(lambda) ?? bundle(lambda, configPath, join(outFolder, lambda));
      done.set(lambda, folder);
      return folder;
    },
  };
}

function bundle(lambda: string, configPath: string, folder: string): string {
  const entry = join(root, "lambdas", `${lambda}.${extension}`);
  if (!existsSync(entry)) {
    throw new Error(`lambdas: ${entry} is not there; the function "${lambda}" has no code.`);
  }
  const result = buildSync({
    ...bundleSettings,
    entryPoints: [entry],
    absWorkingDir: root,
    alias: { "#config": configPath },
    // Nothing is written here: the path only makes the map's sources relative to the package, the same on every machine.
    outfile: join(root, "index.mjs"),
    write: false,
    logLevel: "silent",
  });
  mkdirSync(folder, { recursive: true });
  for (const file of result.outputFiles) {
    writeFileSync(join(folder, file.path.slice(dirname(file.path).length + 1)), file.contents);
  }
  return folder;
}
