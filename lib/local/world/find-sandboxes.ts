import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SandboxDefinition } from "../sandbox/definition.ts";

const partnersDir = join(import.meta.dirname, "../../partners");
/** `.ts` in a clone, `.js` in the built package. */
const extension = import.meta.filename.slice(-3);

/**
 * The sandboxes of the partners that have one, found by their folders: no index names them, because whatever an index
 * names is bundled into the functions.
 */
export async function findSandboxes(): Promise<readonly SandboxDefinition[]> {
  const found: SandboxDefinition[] = [];
  for (const folder of readdirSync(partnersDir, { withFileTypes: true })) {
    const file = join(partnersDir, folder.name, `sandbox${extension}`);
    if (!folder.isDirectory() || !existsSync(file)) continue;
    // A module's exports are known only when it runs; the start fails loudly on one that is no definition.
    const module = (await import(pathToFileURL(file).href)) as { readonly sandbox: SandboxDefinition };
    found.push(module.sandbox);
  }
  return found;
}
