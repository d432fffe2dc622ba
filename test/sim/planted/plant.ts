import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";
import { plantIn } from "./planted-bug.ts";
import type { PlantedBug } from "./planted-bug.ts";

const root = path.resolve(import.meta.dirname, "../../..");

/** Plants a bug in this process: from now on the file is loaded with it. @returns whether that has happened. */
export function plant(bug: PlantedBug): () => boolean {
  const url = pathToFileURL(path.join(root, bug.file)).href;
  let isLoaded = false;
  registerHooks({
    load(loading, context, nextLoad) {
      const loaded = nextLoad(loading, context);
      if (loading !== url) return loaded;
      isLoaded = true;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: plantIn(source, bug) };
    },
  });
  return () => isLoaded;
}
