import * as z from "zod";
import type { ApiClient } from "../api-client.ts";
import { flag, textOption } from "../command.ts";
import type { Command, Values } from "../command.ts";
import { apiHelp, apiOf, apiOptions } from "../support/api-access.ts";
import { print } from "../support/print.ts";
import { table } from "../support/table.ts";
import { durationOf } from "../support/times.ts";
import { UsageError } from "../usage-error.ts";
import { afterDeploy, beforeDeploy, cannotRun } from "./deploy-partners.ts";
import type { DeployOrder, DeployParts, PartnerResult } from "./deploy-partners.ts";
import { thisMachine } from "./deploy-world.ts";
import type { DeployWorld } from "./deploy-world.ts";
import { partnersDown } from "./verify-partners.ts";

const help = `Usage: npm run sluice -- deploy --partner <name> | --all [options] -- <command…>
       npm run sluice -- deploy before|after --partner <name> | --all [options]

Stops the start of imports, waits until nothing is under way, runs the command, looks whether the lanes are worked and the
partners well, and lets imports start again. Webhooks are taken and worked all the time. Where the look fails, the schedules
stay stopped, and the last lines say how to go on. Running it again is always safe. Ctrl-C before the command starts them
again; later it ends the look, and says what is left. before and after are its two halves, for pipelines. Exit 1 when the
command or the look failed, or nothing was deployed. See docs/runbooks/deploy.md.

Options
  --partner <name>      this partner; may be given several times
  --all                 all partners of the stage
  --drain-for <time>    wait at most so long until nothing is under way, then go on (default 5m)
  --require-empty       do not go on while something is under way: start imports again, and exit 1
  --verify-for <time>   look at most so long (default 5m): a lane's canary comes once a minute
${apiHelp}

Examples
  npm run sluice -- deploy --partner stripe -- echo "npx cdk deploy Sluice-prod-Partner-stripe"
  npm run sluice -- deploy before --partner stripe
  npm run sluice -- deploy after --partner stripe
`;

export const deployCommand = createDeployCommand(thisMachine);

/** The command with a machine of its own, for tests. */
export function createDeployCommand(world: DeployWorld): Command {
  return {
    name: "deploy",
    summary: "deploy with nothing under way: stop imports, drain, run a command, verify, go on",
    help,
    options: {
      ...apiOptions,
      partner: { type: "string", multiple: true },
      all: { type: "boolean" },
      "drain-for": { type: "string" },
      "require-empty": { type: "boolean" },
      "verify-for": { type: "string" },
    },
    async run(values, positionals) {
      if (positionals.length === 0) throw new UsageError(help.slice(0, help.indexOf("\n\n")));
      const api = apiOf(values);
      const order = await orderOf(api, values);
      const json = flag(values, "json");
      let interrupted = false;
      const undo = world.onInterrupt(() => {
        interrupted = true;
        process.stderr.write(
          "Stopping in good order. Once more stops at once, and leaves imports stopped: deploy after.\n",
        );
      });
      const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
      const parts = { api, world, say, stopped: () => interrupted };
      try {
        const outcome = await outcomeOf(parts, order, positionals, { world, json });
        print(values, outcome, () => outcomeText(outcome));
        return outcome.ok ? 0 : 1;
      } finally {
        undo();
      }
    },
  };
}

interface DeployOutcome {
  readonly ok: boolean;
  /** null: there was none, or it was not come to. */
  readonly command: { readonly words: readonly string[]; readonly exitCode: number } | null;
  readonly partners: readonly PartnerResult[];
}

async function outcomeOf(
  parts: DeployParts,
  order: DeployOrder,
  words: readonly string[],
  on: { readonly world: DeployWorld; readonly json: boolean },
): Promise<DeployOutcome> {
  const half = words.length === 1 ? words[0] : undefined;
  if (half === "before") return { ok: await beforeDeploy(parts, order), command: null, partners: [] };
  if (half === "after") return judged(null, await afterDeploy(parts, order, []));
  const downBefore = await partnersDown(parts.api);
  if (!(await beforeDeploy(parts, order))) return { ok: false, command: null, partners: [] };
  parts.say(`Running: ${words.join(" ")}`);
  const exitCode = await on.world.runCommand(words, on.json).catch((error: unknown) => {
    parts.say(cannotRun(words, error));
    return 127;
  });
  // Failed or not, the partners are looked at: what was rolled back works on, and imports need not wait for a person.
  parts.say(`The command ended with exit code ${exitCode}.`);
  return judged({ words, exitCode }, await afterDeploy(parts, order, downBefore));
}

function judged(command: DeployOutcome["command"], partners: readonly PartnerResult[]): DeployOutcome {
  const ok = (command?.exitCode ?? 0) === 0 && partners.every(({ schedules }) => schedules !== "stopped");
  return { ok, command, partners };
}

async function orderOf(api: ApiClient, values: Values): Promise<DeployOrder> {
  const named = values["partner"];
  const partners = Array.isArray(named) ? named.map(String) : [];
  const all = flag(values, "all");
  if (all === partners.length > 0) throw new UsageError("Say which: --partner <name>, as often as needed, or --all.");
  return {
    partners: all
      ? (await api.list("/partners", z.looseObject({ name: z.string() }))).map(({ name }) => name)
      : partners,
    drainMsMax: durationOf(textOption(values, "drain-for", "5m"), "drain-for"),
    requireEmpty: flag(values, "require-empty"),
    verifyMsMax: durationOf(textOption(values, "verify-for", "5m"), "verify-for"),
  };
}

function outcomeText({ ok, command, partners }: DeployOutcome): string {
  const rows = partners.map(({ partner, verified, schedules, why }) => [
    partner,
    verified ? "yes" : "no",
    schedules,
    why,
  ]);
  const lines = partners.length === 0 ? [] : [table(["partner", "verified", "imports", "why"], rows, "").trimEnd()];
  if (command !== null && command.exitCode !== 0)
    lines.push(`The command failed with exit code ${command.exitCode}: mend what it says, and run this again.`);
  else if (!ok) lines.push("Not done; the lines above say what is left, and how to go on.");
  return lines.join("\n");
}
