import * as z from "zod";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";

const DriftReport = z.looseObject({
  partner: z.string(),
  resources: z.array(
    z.looseObject({
      resource: z.string(),
      learntSince: z.string().nullable(),
      paths: z.number(),
      changes: z.array(
        z.looseObject({
          at: z.string(),
          kind: z.string(),
          severity: z.enum(["harmless", "notable", "breaking"]),
          path: z.string(),
          before: z.array(z.string()),
          after: z.array(z.string()),
        }),
      ),
    }),
  ),
});

export const driftCommand: Command = {
  name: "drift",
  summary: "what has changed in the shape of what a partner sends",
  help: `Usage: npm run sluice -- drift <partner> [options]

Fields that came (harmless), that were always there and are not (notable), that changed their type or that the driver's schema
refuses (breaking), the newest first. Paths and types, never values. Nothing is switched off by it.

Options
${apiHelp}

Examples
  npm run sluice -- drift stripe
  npm run sluice -- drift stripe --json
`,
  options: apiOptions,
  async run(values, positionals) {
    const [partner = ""] = wordsOf(positionals, "drift <partner> [options]", 1);
    const report = await apiOf(values).get(`/partners/${encodeURIComponent(partner)}/drift`, DriftReport);
    print(values, report, () => reportText(report));
    return 0;
  },
};

function reportText({ resources }: z.infer<typeof DriftReport>): string {
  const rows = resources.flatMap(({ resource, changes }) =>
    changes.map(({ at, severity, kind, path, before, after }) => [
      at,
      severity,
      kind,
      `${resource}: ${path === "" ? "(whole)" : path}`,
      before.length + after.length === 0 ? "" : `${before.join("|") || "-"} → ${after.join("|") || "-"}`,
    ]),
  );
  const unknown = resources.filter(({ learntSince }) => learntSince === null).map(({ resource }) => resource);
  const note = unknown.length === 0 ? "" : `\nNothing is known yet of: ${unknown.join(", ")}\n`;
  return `${table(["when", "severity", "what", "where", "types"], rows, "Nothing has changed since it was first seen.")}${note}`;
}
