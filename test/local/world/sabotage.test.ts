import { spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
const parts = ["bin", "lib", "lambdas", "sluice.config.ts", "package.json", "cdk.json", "tsconfig.json"];

interface Sabotage {
  readonly name: string;
  readonly file: string;
  readonly whole: string;
  readonly broken: string;
  /** What the smoke run has to find wrong. */
  readonly found: RegExp;
}

/** Each breaks one promise in one line; a smoke run that does not notice is worth nothing. */
const sabotages: readonly Sabotage[] = [
  {
    name: "a dropped job",
    file: "lib/flows/consume-job.ts",
    whole: "return handleWebhook(ports, driver, job, job.work, context);",
    broken:
      'return /[a-zA-F]$/.test(job.id) ? { kind: "done" } : handleWebhook(ports, driver, job, job.work, context);',
    found: /in the newest state|deleted|live/,
  },
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
    name: "an accepted forgery",
    file: "lib/engine/signatures/mac-scheme.ts",
    whole: 'if (!anySameText(expected, reading.given)) return rejected("mismatch");',
    broken: "if (!anySameText(expected, reading.given)) return { ok: true };",
    found: /forged webhooks accepted/,
  },
  {
    name: "a lost failure",
    file: "lib/flows/archive-failure.ts",
    whole: "await ports.failures.record(failure);",
    broken: "",
    found: /webhooks that failed while it was broken/,
  },
];

const Report = z.object({
  agrees: z.boolean(),
  partners: z.array(z.object({ checks: z.array(z.object({ what: z.string(), agrees: z.boolean() })) })),
});

/** A copy of the project with one line broken; its packages are the project's own. */
function brokenCopy(sabotage: Sabotage): string {
  const copy = temporaryFolder();
  for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const file = join(copy, sabotage.file);
  const text = readFileSync(file, "utf8");
  if (text.split(sabotage.whole).length !== 2)
    throw new Error(`${sabotage.file} does not hold once: ${sabotage.whole}`);
  writeFileSync(file, text.replace(sabotage.whole, sabotage.broken));
  return copy;
}

async function smoke(
  projectDir: string,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const args = ["bin/sluice.ts", "smoke", "--json", "--partner", "stripe", "--webhooks", "20"];
  const child = spawn(process.execPath, args, { cwd: projectDir, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}

describe("the smoke run", () => {
  test.each(sabotages)("notices $name", { timeout: 240_000 }, async (sabotage) => {
    const { code, out, err } = await smoke(brokenCopy(sabotage));
    if (out === "") throw new Error(`the smoke run ended with ${String(code)} and no report:\n${err}`);
    const report = Report.parse(JSON.parse(out));
    expect(code).toBe(1);
    const wrong = report.partners.flatMap(({ checks }) =>
      checks.filter((check) => !check.agrees).map((check) => check.what),
    );
    expect(wrong.join("; ")).toMatch(sabotage.found);
  });
});
