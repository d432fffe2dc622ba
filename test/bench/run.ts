import process from "node:process";
import { parseArgs } from "node:util";
import { benches } from "./benches.ts";
import { describeMachine } from "./support/machine.ts";
import { tableOf } from "./support/report.ts";

const usage = `npm run bench -- <name> [--check] [--rounds N] [--seeds N]

Measures one thing beside its baseline in the same run: JSON on standard output, a short table on standard error.
A missed budget exits 0, as this is a measurement; with --check it exits 1.

  --check      exit 1 when a budget is missed
  --rounds N   so many rounds instead of the benchmark's own number (1 to 1000)
  --seeds N    so many seeds for what is simulated (1 to 10000)
  --help       this text

Names:
${Object.entries(benches)
  .map(([name, bench]) => `  ${name.padEnd(13)} ${bench.what}`)
  .join("\n")}
`;

async function main(): Promise<number> {
  const given = readArguments();
  if (given === null) return 1;
  const { values, positionals } = given;
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [name = "", ...others] = positionals;
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (bench === undefined || others.length > 0) {
    process.stderr.write(
      `${name === "" ? "Name one benchmark." : `No benchmark "${positionals.join(" ")}".`}\n\n${usage}`,
    );
    return 1;
  }
  const rounds = wholeNumber("--rounds", values.rounds, 1_000);
  const seeds = wholeNumber("--seeds", values.seeds, 10_000);
  if (rounds === "wrong" || seeds === "wrong") return 1;
  const machine = describeMachine();
  const startedAtMs = Date.now();
  const result = await bench.run({ rounds, seeds });
  const measured = { name, what: bench.what, startedAt: new Date(startedAtMs).toISOString(), machine };
  const took = { tookSeconds: Math.round((Date.now() - startedAtMs) / 1000) };
  process.stdout.write(`${JSON.stringify({ ...measured, ...took, ...result }, shortened, 2)}\n`);
  process.stderr.write(tableOf(name, result));
  return values.check === true && !result.verdicts.every((verdict) => verdict.met) ? 1 : 0;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean" },
        check: { type: "boolean" },
        rounds: { type: "string" },
        seeds: { type: "string" },
      },
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return null;
  }
}

function wholeNumber(option: string, given: string | undefined, max: number): number | null | "wrong" {
  if (given === undefined) return null;
  const number = Number(given);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  process.stderr.write(`${option}: a whole number from 1 to ${max}, and not "${given}".\n`);
  return "wrong";
}

/** Five digits say more than was measured. */
function shortened(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

// So that folders and processes go, which a signal alone would leave behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
