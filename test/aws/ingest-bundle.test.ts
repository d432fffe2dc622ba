import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { partners } from "../../lib/partners/index.ts";
import { bundleSettings } from "../../lib/constructs/bundles.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The packages that end up in a function's bundle, as the stack makes it. */
function packagesIn(lambda: string, partner = "stripe"): Set<string> {
  const { metafile } = buildSync({
    ...bundleSettings,
    entryPoints: [`${root}lambdas/${lambda}.ts`],
    absWorkingDir: root,
    alias: { "#config": `${root}sluice.config.ts`, "#partner": `${root}lib/partners/${partner}/driver.ts` },
    outfile: `${root}index.mjs`,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const names = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  return new Set(
    names.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(name)?.[1] ?? []),
  );
}

describe("the webhook function's bundle", () => {
  it.each(partners.map((partner) => partner.name))(
    "of %s holds neither the SDK nor Powertools, whose loading a partner would wait for",
    (partner) => {
      // The canonical form is a few lines, for webhooks that bear no id.
      const allowed = new Set(["@middy/core", "aws4fetch", "canonicalize", "zod"]);
      expect([...packagesIn("webhook-ingest", partner)].filter((name) => !allowed.has(name))).toEqual([]);
    },
  );

  it("is compared with one that does hold them", () => {
    const packages = packagesIn("job-consume");
    for (const name of ["@aws-sdk/client-sqs", "@aws-lambda-powertools/logger"]) expect(packages).toContain(name);
  });
});
