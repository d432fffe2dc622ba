import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { fuzzWebhook } from "./webhook/fuzz.ts";

const usage = `npm run fuzz -- webhook [--count N] [--seed N]
npm run fuzz -- webhook-http [--count N] [--seed N]

Posts to the webhook door, mutated from published and fresh ones, judged by independent verifiers. JSON on standard output,
a line on standard error; exit code 1 when anything came out as it should not.

  webhook        in this process, on ports in memory (default: a million posts)
  webhook-http   over HTTP, to the local stack's gateway, functions and queues (default: ten thousand)
  --count N      so many posts
  --seed N       which ones (default: by the clock; it is printed)
  --help         this text
`;

interface Report {
  readonly accepted: number;
  readonly queued: number;
  readonly violationsTotal: number;
}

interface Fuzz {
  readonly count: number;
  readonly run: (options: { readonly count: number; readonly seed: number }) => Promise<Report>;
}

const fuzzes: Readonly<Record<string, Fuzz>> = {
  webhook: { count: 1_000_000, run: fuzzWebhook },
  "webhook-http": { count: 10_000, run: overHttp },
};

async function overHttp(options: { readonly count: number; readonly seed: number }): Promise<Report> {
  // The CDK and the stack are loaded for this one alone.
  const { fuzzOverHttp } = await import("./http/fuzz.ts");
  const folder = mkdtempSync(join(tmpdir(), "sluice-fuzz-"));
  try {
    return await fuzzOverHttp({ ...options, folder, nowMs: () => Date.now() });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [name = "", ...more] = positionals;
  const fuzz = fuzzes[name];
  if (fuzz === undefined || more.length > 0) return refused(usage);
  const count = Number(values.count ?? fuzz.count);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed) || seed < 0)
    return refused("--count and --seed are whole numbers.\n");
  const startedMs = performance.now();
  const report = await fuzz.run({ count, seed });
  const tookSeconds = Math.round((performance.now() - startedMs) / 100) / 10;
  process.stdout.write(`${JSON.stringify({ ...report, tookSeconds }, null, 2)}\n`);
  process.stderr.write(
    `${count} posts of seed ${seed} in ${tookSeconds} s: ${report.accepted} taken, ${report.queued} queued, ${report.violationsTotal} violations\n`,
  );
  return report.violationsTotal === 0 && report.accepted === report.queued ? 0 : 1;
}

function refused(words: string): number {
  process.stderr.write(words);
  return 2;
}

process.exitCode = await main();
