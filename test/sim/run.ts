import process from "node:process";
import { parseArgs } from "node:util";
import { commit } from "./kernel/commit.ts";
import { bugs } from "./planted/index.ts";
import { plant } from "./planted/plant.ts";
import { printBank } from "./planted/run-bank.ts";

const usage = `npm run sim -- --seeds N | --seed S | --bank

Runs the flows and the gate in a simulated world: virtual time, faults dealt from a seed, invariants watched throughout.

  --seeds N      seeds 1 to N, or N seeds from --from
  --from S       where --seeds begins (1)
  --seed S       one seed, with everything that happened in it
  --quiet        with --seed: without what happened
  --bank         every planted bug, and what catches it
  --planted X    with the planted bug of that name; stops at the first failure
  --help         this text
`;

const options = {
  help: { type: "boolean" },
  seeds: { type: "string" },
  from: { type: "string", default: "1" },
  seed: { type: "string" },
  quiet: { type: "boolean", default: false },
  bank: { type: "boolean" },
  planted: { type: "string" },
} as const;

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.bank === true) return printBank((line) => process.stdout.write(line));
  const isPlanted = plantNamed(values.planted);
  // After planting: what is loaded before has no bug in it.
  const { simulate } = await import("./simulate.ts");
  const { Coverage } = await import("./kernel/coverage.ts");
  if (!isPlanted()) throw new Error(`planted bug "${values.planted}": the simulation does not load its file`);
  const one = values.seed === undefined ? null : wholeNumber("--seed", values.seed);
  const from = one ?? wholeNumber("--from", values.from);
  const seeds = one === null ? wholeNumber("--seeds", values.seeds ?? "") : 1;
  const coverage = new Coverage();
  let failed = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const showing = one !== null && !values.quiet;
    const result = await simulate(seed, showing ? (line) => process.stdout.write(line) : null);
    coverage.add(result.coverage);
    if (one !== null) process.stdout.write(`seed ${seed}: ${result.events} events, hash ${result.digest}\n`);
    if (result.failure === null) continue;
    failed += 1;
    process.stdout.write(`${showing ? "" : result.failure.trace}\nseed ${seed} at ${commit()} FAILED\n`);
    process.stdout.write(`  ${result.failure.message}\n  replay: npm run sim -- --seed ${seed}\n`);
    if (values.planted !== undefined) return 1;
  }
  if (values.planted === undefined) printCoverage(coverage.entries());
  process.stdout.write(`${seeds} seeds from ${from} at ${commit()}: ${failed === 0 ? "clean" : `${failed} FAILED`}\n`);
  return failed === 0 ? 0 : 1;
}

function plantNamed(name: string | undefined): () => boolean {
  if (name === undefined) return () => true;
  const bug = bugs.find((one) => one.name === name);
  if (bug === undefined)
    throw new Error(`no planted bug "${name}"; there are: ${bugs.map((one) => one.name).join(", ")}`);
  return plant(bug);
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (text !== "" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${option}: a whole number, and not "${text}"`);
}

function printCoverage(entries: readonly (readonly [string, number])[]): void {
  for (const [what, times] of entries) process.stdout.write(`${String(times).padStart(9)}  ${what}\n`);
}

if (process.argv.includes("--help") || process.argv.length < 3) process.stdout.write(usage);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
