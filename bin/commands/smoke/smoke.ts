import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import type { World } from "../../../lib/local/world/open-world.ts";
import { createSecretWatch } from "../../../lib/local/world/secrets/secret-watch.ts";
import type { SecretWatch } from "../../../lib/local/world/secrets/secret-watch.ts";
import { createApiClient } from "../api-client.ts";
import { flag, textOption } from "../command.ts";
import type { Command, Values } from "../command.ts";
import { localStage, synthesise } from "../synthesise.ts";
import { UsageError } from "../usage-error.ts";
import { addRunsSecrets, judgeSecrets } from "./judge-secrets.ts";
import { playThrough } from "./play-through.ts";
import { reportText } from "./report.ts";
import type { Check, PartnerReport, SmokeReport } from "./report.ts";

export const smokeCommand: Command = {
  name: "smoke",
  summary: "play the whole job through on a fresh stack, and compare what each partner says with what the API says",
  help: `Usage: npm run smoke -- [options]

Fresh state; for each partner a full import, webhooks (a tenth doubled, some late, some forged), a partner that breaks and
is mended, its failures replayed; then waits until nothing is left to do and compares the sandbox's ledger with the public
API. At the end looks for every secret of the run in all that was logged, sent, stored and answered. Exit 0 only if everything
agrees and nothing is found.

Options
  --json              the report as JSON
  --webhooks <count>  webhooks a partner (default 200)
  --partner <name>    only this partner
  --data <folder>     keep everything in this folder (default: a temporary one, removed at the end)

Examples
  npm run smoke
  npm run smoke -- --json --webhooks 50
`,
  options: {
    json: { type: "boolean" },
    webhooks: { type: "string" },
    partner: { type: "string" },
    data: { type: "string" },
  },
  run,
};

async function run(values: Values): Promise<number> {
  const webhooks = countOf(textOption(values, "webhooks", "200"));
  const kept = typeof values["data"] === "string" ? resolve(values["data"]) : null;
  const dataDir = kept ?? mkdtempSync(join(tmpdir(), "sluice-smoke-"));
  try {
    const report = await play(dataDir, webhooks, textOption(values, "partner", ""));
    process.stdout.write(flag(values, "json") ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    return report.agrees ? 0 : 1;
  } finally {
    if (kept === null) rmSync(dataDir, { recursive: true, force: true });
  }
}

async function play(dataDir: string, webhooks: number, only: string): Promise<SmokeReport> {
  const beganMs = performance.now();
  const seenDir = join(dataDir, "seen");
  const watch = createSecretWatch(seenDir);
  const tell = (line: string): void =>
    void process.stderr.write(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  const say = (line: string): void => {
    watch.seen.add("console", line);
    tell(line);
  };
  const cdkOutDir = join(dataDir, "cdk.out");
  say("synthesising");
  await synthesise(process.cwd(), cdkOutDir);
  const { onlooker } = watch;
  const world = await openWorld({ cdkOutDir, stage: localStage, dataDir, port: 0, sandboxes: true, onlooker });
  let partners: readonly PartnerReport[];
  try {
    partners = await playAll({ world, watch, webhooks, only, say });
  } finally {
    await world.stop();
  }
  watch.seen.add("console", JSON.stringify(partners));
  const stack = judgeSecrets(watch, { dataDir, seenDir, say: tell });
  const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
  // Without a partner nothing was compared, and nothing compared is no agreement.
  const agrees = partners.length > 0 && [...partners, { checks: stack }].every(({ checks }) => checks.every(agreesOf));
  return { agrees, seconds, partners, stack };
}

interface Played {
  readonly world: World;
  readonly watch: SecretWatch;
  readonly webhooks: number;
  readonly only: string;
  readonly say: (line: string) => void;
}

async function playAll({ world, watch, webhooks, only, say }: Played): Promise<readonly PartnerReport[]> {
  const api = createApiClient(world.stack.url, world.apiKey);
  await addRunsSecrets(watch, world, api);
  const partners: PartnerReport[] = [];
  const chosen = world.partners.filter((partner) => only === "" || partner.name === only);
  for (const partner of chosen) partners.push(await playThrough({ world, api, partner, webhooks, say }));
  return partners;
}

function agreesOf(check: Check): boolean {
  return check.agrees;
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 20 && count <= 1_000) return count;
  throw new UsageError(`--webhooks ${text}: from 20 to 1000, so that every trick is played.`);
}
