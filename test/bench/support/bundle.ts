import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { fileOf } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { bundleSettings, bundlesOf } from "../../../lib/constructs/bundles.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface BundleFolder {
  /** Our webhook function's bundle, as the stack makes it for one partner. */
  webhookIngest(driver: PartnerDriver): string;
  /** The same settings on a file of the benchmarks' own. */
  own(file: URL): string;
  /** A handler that does nothing and imports nothing. */
  empty(): string;
  remove(): void;
}

/** A folder for bundles; paths are absolute, of the `index.mjs` in each. */
export function makeBundleFolder(): BundleFolder {
  const { path: folder, remove } = makeTemporaryFolder();
  const bundles = bundlesOf({ configPath: join(root, "sluice.config.ts"), outFolder: folder });
  return {
    webhookIngest: (driver) => join(bundles.folderOf("webhook-ingest", fileOf(driver)), "index.mjs"),
    own(file) {
      const outfile = join(folder, "own", "index.mjs");
      buildSync({ ...bundleSettings, entryPoints: [fileURLToPath(file)], outfile });
      return outfile;
    },
    empty() {
      const file = join(folder, "empty.mjs");
      writeFileSync(file, "export const handler = () => ({ statusCode: 204 });\n");
      return file;
    },
    remove,
  };
}

export function kilobytes(file: string): number {
  return Math.round(statSync(file).size / 1000);
}
