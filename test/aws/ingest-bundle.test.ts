import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { partners } from "../../lib/partners/index.ts";
import { bundleSettings } from "../../lib/constructs/bundles.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The files that end up in a function's bundle, as the stack makes it. */
function filesIn(lambda: string, partner = "stripe"): readonly string[] {
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
  // A file of which nothing is left counts for none.
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([name, { bytesInOutput }]) => (bytesInOutput === 0 ? [] : [name])),
  );
}

function packagesIn(lambda: string, partner?: string): Set<string> {
  return new Set(
    filesIn(lambda, partner).flatMap(
      (name) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(name)?.[1] ?? [],
    ),
  );
}

/** Who loads a file in a function, and whether at its start (`import-statement`) or when it is needed. */
function importersOf(file: string, entry: string): readonly string[] {
  const { metafile } = buildSync({
    ...bundleSettings,
    entryPoints: [`${root}${entry}`],
    absWorkingDir: root,
    outfile: `${root}index.mjs`,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  return Object.entries(metafile.inputs).flatMap(([name, { imports }]) =>
    imports.filter(({ path }) => path === file).map(({ kind }) => `${name} ${kind}`),
  );
}

/** The canonical form is a few lines, for webhooks that bear no id. */
const allowed = new Set(["@middy/core", "aws4fetch", "canonicalize", "zod"]);

describe("the webhook function's bundle", () => {
  it.each(partners.map((partner) => partner.name))(
    "of %s holds neither the SDK nor Powertools, whose loading a partner would wait for",
    (partner) => {
      expect([...packagesIn("webhook-ingest", partner)].filter((name) => !allowed.has(name))).toEqual([]);
    },
  );

  it("has a way out, to fetch keys, for those partners alone that need one", () => {
    const outward = /lib\/aws\/(transport|checked-lookup|outbound-address)|key-cache|published-keys|token-endpoint/;
    expect(filesIn("webhook-ingest").filter((file) => outward.test(file))).toEqual([]);
    const withKeys = filesIn("webhook-ingest-with-keys").filter((file) => outward.test(file));
    expect(withKeys.toSorted()).toEqual([
      "lib/aws/checked-lookup.ts",
      "lib/aws/outbound-address.ts",
      "lib/aws/transport.ts",
      "lib/engine/signatures/key-cache.ts",
      "lib/flows/ingest/published-keys.ts",
    ]);
    expect([...packagesIn("webhook-ingest-with-keys")].filter((name) => !allowed.has(name))).toEqual([]);
  });

  it("is compared with one that does hold them", () => {
    const packages = packagesIn("job-consume");
    for (const name of ["@aws-sdk/client-sqs", "@aws-lambda-powertools/logger", "saxes"])
      expect(packages).toContain(name);
  });
});

it("the parser of XML is run by the first body of XML, and by no consumer that gets none", () => {
  const importers = importersOf("lib/engine/parse-xml.ts", "lib/flows/consume-job.ts");
  expect(importers).toEqual(["lib/flows/webhook/read-event.ts dynamic-import"]);
});
