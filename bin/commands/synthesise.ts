import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UsageError } from "./usage-error.ts";

/** The stage that the laptop runs: the same stacks as everywhere else. */
export const localStage = "local";

const CdkJson = z.object({ app: z.string() });

/** Synthesises the project's own CDK app, as `cdk synth` would: the command of cdk.json, another output folder, no network. */
export async function synthesise(projectDir: string, outDir: string): Promise<void> {
  const file = join(projectDir, "cdk.json");
  if (!existsSync(file))
    throw new UsageError(`No cdk.json in ${projectDir}: run this in the folder of your Sluice project.`);
  const { app } = CdkJson.parse(JSON.parse(readFileSync(file, "utf8")));
  const environment = { ...process.env, CDK_OUTDIR: outDir, CDK_CONTEXT_JSON: JSON.stringify({ stage: localStage }) };
  const child = spawn(app, { cwd: projectDir, env: environment, shell: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-8_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`The stacks could not be synthesised (${app}, exit ${code}):\n${output}`);
}
