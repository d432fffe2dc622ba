import { spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
const parts = ["bin", "lib", "lambdas", "sluice.config.ts", "package.json", "cdk.json", "tsconfig.json"];

/** One line of the project, and what it is to become. */
export interface Break {
  readonly file: string;
  readonly whole: string;
  readonly broken: string;
}

/** A copy of the project with one line broken, or several; its packages are the project's own. */
export function brokenCopy(...breaks: readonly Break[]): string {
  const copy = temporaryFolder();
  for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const { file, whole, broken } of breaks) {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    if (text.split(whole).length !== 2) throw new Error(`${file} does not hold once: ${whole}`);
    writeFileSync(path, text.replace(whole, broken));
  }
  return copy;
}

/** Runs the smoke run of a copy, for one partner. */
export async function smoke(
  projectDir: string,
  partner: string,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const args = ["bin/sluice.ts", "smoke", "--json", "--partner", partner, "--webhooks", "20"];
  const child = spawn(process.execPath, args, { cwd: projectDir, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}
