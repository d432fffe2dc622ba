import * as z from "zod";
import { describe, expect, test } from "vitest";
import { brokenCopy, smoke } from "./broken-copy.ts";
import type { Break } from "./broken-copy.ts";

interface Sabotage extends Break {
  readonly name: string;
  /** What the smoke run has to find wrong. */
  readonly found: RegExp;
}

/**
 * Each breaks one promise in one line; a smoke run that does not notice is worth nothing. Those that are found by different
 * checks share a copy of the project and one run of it: a run takes a quarter of a minute.
 */
const copies: readonly (readonly Sabotage[])[] = [
  [
    {
      name: "a dropped job",
      file: "lib/flows/consume-job.ts",
      whole: "return handleWebhook(ports, driver, job, job.work, context);",
      broken:
        'return /[a-zA-F]$/.test(job.id) ? { kind: "done" } : handleWebhook(ports, driver, job, job.work, context);',
      found: /in the newest state|deleted|live/,
    },
    {
      name: "an accepted forgery",
      file: "lib/engine/signatures/mac-scheme.ts",
      whole: 'if (!anySameText(expected, reading.given)) return rejected("mismatch");',
      broken: "if (!anySameText(expected, reading.given)) return { ok: true };",
      found: /forged webhooks accepted/,
    },
  ],
  [
    {
      name: "a doubled effect",
      file: "lib/aws/record-item.ts",
      whole: "stateOf(candidate, mark.version + 1, writtenAtMs)",
      broken: "stateOf(candidate, mark.version + 2, writtenAtMs)",
      found: /written once a state/,
    },
    {
      name: "a skipped page",
      file: "lib/flows/import-page.ts",
      whole: "await saveRecords(ports, targetOf(place), content.items, fetched);",
      broken: "await saveRecords(ports, targetOf(place), position.cursor === null ? content.items : [], fetched);",
      found: /live/,
    },
    {
      name: "a lost failure",
      file: "lib/flows/archive-failure.ts",
      whole: "await ports.failures.record(failure);",
      broken: "",
      found: /webhooks that failed while it was broken/,
    },
  ],
];

const Report = z.object({
  agrees: z.boolean(),
  partners: z.array(z.object({ checks: z.array(z.object({ what: z.string(), agrees: z.boolean() })) })),
});

describe("the smoke run", () => {
  test.each(copies.map((sabotages) => ({ sabotages, names: sabotages.map(({ name }) => name).join(" and ") })))(
    "notices $names",
    { timeout: 240_000 },
    async ({ sabotages }) => {
      const { code, out, err } = await smoke(brokenCopy(...sabotages), "stripe");
      if (out === "") throw new Error(`the smoke run ended with ${String(code)} and no report:\n${err}`);
      const report = Report.parse(JSON.parse(out));
      expect(code).toBe(1);
      const checks = report.partners.flatMap((partner) => partner.checks);
      const wrong = checks.filter((check) => !check.agrees).map((check) => check.what);
      const unseen = sabotages.filter(({ found }) => !found.test(wrong.join("; ")));
      expect(unseen.map(({ name }) => name)).toEqual([]);
    },
  );
});
