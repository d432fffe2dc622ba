import { parseArgs } from "node:util";
import { UsageError } from "./commands/usage-error.ts";
import type { Command } from "./commands/command.ts";
import { compareCommand } from "./commands/compare.ts";
import { connectCommand } from "./commands/connect.ts";
import { connectionsCommand } from "./commands/connections.ts";
import { costCommand } from "./commands/cost.ts";
import { credentialsCommand } from "./commands/credentials.ts";
import { deployCommand } from "./commands/deploy/deploy.ts";
import { discardCommand } from "./commands/discard.ts";
import { drainCommand } from "./commands/drain.ts";
import { driftCommand } from "./commands/drift.ts";
import { emergencyCommand } from "./commands/emergency.ts";
import { eraseCommand } from "./commands/erase.ts";
import { explainCommand } from "./commands/explain.ts";
import { failuresCommand } from "./commands/failures.ts";
import { keysCommand } from "./commands/keys.ts";
import { newPartnerCommand } from "./commands/new-partner/new-partner.ts";
import { pauseCommand } from "./commands/pause.ts";
import { rebuildCommand } from "./commands/rebuild.ts";
import { recoverCommand } from "./commands/recover.ts";
import { recordCommand } from "./commands/record/record.ts";
import { recordsCommand } from "./commands/records.ts";
import { replayLocalCommand } from "./commands/replay-local/replay-local.ts";
import { replayCommand } from "./commands/replay.ts";
import { resumeCommand } from "./commands/resume.ts";
import { runsCommand } from "./commands/runs.ts";
import { smokeCommand } from "./commands/smoke/smoke.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { syncCommand } from "./commands/sync.ts";
import { verifySignatureCommand } from "./commands/verify-signature.ts";
import { webhooksCommand } from "./commands/webhooks.ts";
import { whyWaitingCommand } from "./commands/why-waiting.ts";

const commands: readonly Command[] = [
  startCommand,
  statusCommand,
  connectionsCommand,
  connectCommand,
  syncCommand,
  runsCommand,
  recordsCommand,
  explainCommand,
  rebuildCommand,
  eraseCommand,
  failuresCommand,
  replayCommand,
  discardCommand,
  pauseCommand,
  resumeCommand,
  drainCommand,
  recoverCommand,
  deployCommand,
  whyWaitingCommand,
  webhooksCommand,
  driftCommand,
  compareCommand,
  emergencyCommand,
  keysCommand,
  credentialsCommand,
  costCommand,
  smokeCommand,
  newPartnerCommand,
  recordCommand,
  replayLocalCommand,
  verifySignatureCommand,
];

/** The command line. Exit codes: 0 done, 1 it did not come out as it should, 2 the call's words are off. */
async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const known = name === undefined || name === "help" || name === "--help";
    (known ? process.stdout : process.stderr).write(
      known ? overview() : `There is no command "${name}".\n\n${overview()}`,
    );
    return known ? 0 : 2;
  }
  const { values, positionals } = parseArgs({
    args: rest,
    options: { ...command.options, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help === true) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(values, positionals);
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `Usage: npm run sluice -- <command> [options]\n\n${lines.join("\n")}\n\n<command> --help tells its options, with examples.\n`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage =
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = usage ? 2 : 1;
}
