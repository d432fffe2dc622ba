import { systemClock } from "../../../lib/aws/clock.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { Clock } from "../../../lib/engine/ports.ts";
import { partners } from "../../../lib/partners/index.ts";
import { createApiClient } from "../api-client.ts";
import { textOption } from "../command.ts";
import type { Command, Values } from "../command.ts";
import { readCassettes } from "../record/cassette.ts";
import { UsageError } from "../usage-error.ts";
import { answeringTransport, bodyAnswer, readAnswers } from "./answers.ts";
import type { Answers } from "./answers.ts";
import { fetchFailure } from "./fetch-failure.ts";
import type { FetchedFailure } from "./fetch-failure.ts";
import { replayJob } from "./replay-job.ts";

export const replayLocalCommand: Command = {
  name: "replay-local",
  summary: "run a failed job on this machine, against recorded answers, under a debugger if you like",
  help: `Usage: npm run sluice -- replay-local <failure> [options]

Gets the failure's job from the API and works it in this process with the code as it stands here: nothing is written, nobody
is called. Calls are answered from --answer, else from what was kept with the failure, else from the partner's cassettes.
Exit 0 when the job comes to its end, 1 when it fails, waits, or no answer is known.

Options
  --url <url>      of the stage's API (default http://127.0.0.1:8787)
  --key <key>      an operator's API key (default: the environment variable SLUICE_KEY)
  --answer <file>  what the partner answers: a body, {"status", "headers", "body"}, or a cassette; several are taken in turn

Examples
  npm run sluice -- replay-local stripe:stripe_abc-def:record-charges-ch_1 --key $SLUICE_KEY
  npm run sluice -- replay-local stripe:stripe_abc-def:record-charges-ch_1 --answer charge.json
  node --inspect-brk --import ./bin/require-node.js bin/sluice.ts replay-local stripe:stripe_abc-def:record-charges-ch_1
`,
  options: {
    url: { type: "string" },
    key: { type: "string" },
    answer: { type: "string", multiple: true },
  },
  run,
};

async function run(values: Values, positionals: readonly string[]): Promise<number> {
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0)
    throw new UsageError("Usage: npm run sluice -- replay-local <failure> [options]");
  const key = textOption(values, "key", process.env["SLUICE_KEY"] ?? "");
  if (key === "") throw new UsageError("--key: an operator's API key, here or in the environment variable SLUICE_KEY.");
  const files = values["answer"];
  const given = (Array.isArray(files) ? files.map(String) : []).flatMap(readAnswers);
  const url = textOption(values, "url", "http://127.0.0.1:8787").replace(/\/+$/, "");
  const failure = await fetchFailure(createApiClient(url, key), id);
  const driver = findDriver(failure.partner);
  const answers = { given: given.length > 0 ? given : keptAnswer(failure), cassettes: cassettesOf(driver) };
  return replayFetched(failure, driver, answers, systemClock, (line) => void process.stdout.write(`${line}\n`));
}

/** Says what failed, each step of trying it again, and what came of it. @returns the exit code. */
export async function replayFetched(
  failure: FetchedFailure,
  driver: PartnerDriver,
  answers: Answers,
  clock: Clock,
  say: (line: string) => void,
): Promise<number> {
  say(`${failure.id} failed with ${failure.code}: ${failure.message}`);
  const step = (line: string): void => say(`  ${line}`);
  const transport = answeringTransport(driver, answers, step);
  // What a deployed worker would wait for has no one to wait for here.
  const impatient: Clock = { nowMs: () => clock.nowMs(), sleep: async () => undefined };
  const outcome = await replayJob(failure, { driver, transport, clock: impatient, say: step });
  say(
    outcome.kind === "done"
      ? "Done: with these answers the job succeeds."
      : `Not done (${outcome.kind}): ${outcome.message}`,
  );
  return outcome.kind === "done" ? 0 : 1;
}

/** A thing that did not fit was kept with its failure, redacted and at most 1 KB of it: whole, it is an answer. */
export function keptAnswer(failure: FetchedFailure): Answers["given"] {
  if (failure.raw === null || failure.job.work.kind !== "refresh") return [];
  try {
    return [bodyAnswer(JSON.parse(failure.raw))];
  } catch {
    return [];
  }
}

function cassettesOf(driver: PartnerDriver): Answers["cassettes"] {
  return readCassettes(process.cwd(), driver.name).map(({ cassette }) => cassette);
}

function findDriver(name: string): PartnerDriver {
  const all: readonly PartnerDriver[] = partners;
  const driver = all.find((partner) => partner.name === name);
  if (driver === undefined) throw new Error(`There is no partner "${name}" in this folder's code.`);
  return driver;
}
