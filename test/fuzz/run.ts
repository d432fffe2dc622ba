import process from "node:process";
import { parseArgs } from "node:util";
import { fuzzWebhook } from "./webhook/fuzz.ts";

const usage = `npm run fuzz -- webhook [--count N] [--seed N]

Posts to the webhook door in this process, mutated from published and fresh ones, judged by independent verifiers.
JSON on standard output, a line on standard error; exit code 1 when anything came out as it should not.

  --count N   so many posts (default 1000000)
  --seed N    which ones (default: by the clock; it is printed)
  --help      this text
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [name, ...more] = positionals;
  if (name !== "webhook" || more.length > 0) return refused(usage);
  const count = Number(values.count ?? "1000000");
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed) || seed < 0)
    return refused("--count and --seed are whole numbers.\n");
  const startedMs = performance.now();
  const report = await fuzzWebhook({ count, seed });
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
