import { checkAmbient } from "./ambient.ts";
import { checkDocLinks } from "./doc-links.ts";
import { checkLayers } from "./layers.ts";
import { checkPartnerFolders } from "./partner-folders.ts";
import { checkSecrets } from "./secrets.ts";
import { checkSizes } from "./sizes.ts";
import { readSources, type Violation } from "./source.ts";
import { checkWording } from "./wording.ts";

/** Every house rule that no general tool checks, over the project at `root`. */
export function checkTidy(root: string): Violation[] {
  const sources = readSources(root, ["bin", "lib", "lambdas", "test", "sluice.config.ts"]);
  const unreadable = sources.flatMap((source) =>
    source.errors.map((message) => ({ file: source.path, line: 1, rule: "syntax", message })),
  );
  return [
    ...unreadable,
    ...checkLayers(root),
    ...checkSizes(sources),
    ...checkAmbient(sources),
    ...checkWording(sources),
    ...checkPartnerFolders(root),
    ...checkSecrets(root),
    ...checkDocLinks(root),
  ];
}
