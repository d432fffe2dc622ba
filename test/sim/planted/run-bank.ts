import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { bugs } from "./index.ts";
import type { PlantedBug } from "./planted-bug.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const seedsMax = 60;
const timeoutMs = 900_000;

export interface BankLine {
  readonly bug: PlantedBug;
  readonly isCaught: boolean;
  /** How it showed; or, when it did not, what happened instead. */
  readonly how: string;
}

/** Plants one bug in a process of its own and runs what has to catch it, until it does. */
export async function tryBug(bug: PlantedBug): Promise<BankLine> {
  return bug.caughtBy === "simulation" ? inSimulation(bug) : inTest(bug, bug.caughtBy);
}

/** The whole bank as a table. @returns an exit code: 1 when a bug went uncaught. */
export async function printBank(write: (line: string) => void): Promise<number> {
  let uncaught = 0;
  for (const bug of bugs) {
    const { isCaught, how } = await tryBug(bug);
    if (!isCaught) uncaught += 1;
    write(`${isCaught ? "caught" : "MISSED"}  ${bug.name.padEnd(34)} ${how}\n`);
  }
  write(`${bugs.length} planted bugs, ${bugs.length - uncaught} caught\n`);
  return uncaught === 0 ? 0 : 1;
}

async function inSimulation(bug: PlantedBug): Promise<BankLine> {
  const { code, output } = await run(["test/sim/run.ts", "--seeds", String(seedsMax), "--planted", bug.name], {});
  const failure = /^seed (\d+) at .* FAILED\n +(.*)$/m.exec(output);
  if (code === 1 && failure !== null)
    return { bug, isCaught: true, how: `seed ${failure[1]}: ${failure[2]}`.slice(0, 160) };
  return { bug, isCaught: false, how: code === 0 ? `${seedsMax} seeds are clean` : lastLine(output) };
}

async function inTest(bug: PlantedBug, by: Exclude<PlantedBug["caughtBy"], string>): Promise<BankLine> {
  const names = by.name === undefined ? [] : ["-t", by.name];
  const config = ["--config", "test/sim/planted/vitest.planted.config.ts"];
  const { code, output } = await run(
    ["node_modules/vitest/vitest.mjs", "run", ...config, by.test, ...names, "--reporter=dot"],
    { SLUICE_PLANTED: bug.name },
  );
  const failed = /Tests +(\d+) failed/.exec(output);
  if (code === 1 && failed !== null) return { bug, isCaught: true, how: `${by.test}: ${failed[1]} failed` };
  return { bug, isCaught: false, how: code === 0 ? `${by.test} passes` : lastLine(output) };
}

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...env },
    timeout: timeoutMs,
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-200_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.slice(0, 160) ?? "no output";
}
