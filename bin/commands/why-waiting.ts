import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf, wordsOf } from "./support/find-connection.ts";
import { heldLines } from "./support/partner-text.ts";
import { print } from "./support/print.ts";
import { WaitingAnswer } from "./support/shapes.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";

export const whyWaitingCommand: Command = {
  name: "why-waiting",
  summary: "what holds a connection's imports back",
  help: `Usage: npm run sluice -- why-waiting <connection> [options]

Who or what holds it, each resource with why it does not run, then what it may wait behind: the account's limit, the
partner's lanes, the breaker.

Options
${apiHelp}

Examples
  npm run sluice -- why-waiting stripe
`,
  options: apiOptions,
  async run(values, positionals) {
    const [said = ""] = wordsOf(positionals, "why-waiting <connection>", 1);
    const api = apiOf(values);
    const waiting = await api.get(`/connections/${await connectionIdOf(api, said)}/waiting`, WaitingAnswer);
    print(values, waiting, () => waitingText(waiting, Date.now()));
    return 0;
  },
};

function waitingText(waiting: WaitingAnswer, nowMs: number): string {
  const rows = waiting.resources.map((each) => [
    each.resource,
    each.standing,
    relative(each.run === null ? each.nextDueAt : each.run.notBefore, nowMs),
    each.run?.runId ?? null,
    // Said once, above the table.
    each.standing === "held" && waiting.held.length > 0 ? "as above" : each.why,
  ]);
  const { limit, lanes } = waiting;
  const limitText =
    limit.heldUntil === null
      ? "free: the next call may be sent now"
      : `${limit.limitsInUse} in use; the next call ${relative(limit.heldUntil, nowMs)}`;
  const laneText = ({ waiting: count, inFlight, delayed }: typeof lanes.imports): string =>
    `${count} waiting, ${inFlight} in hand, ${delayed} delayed (about; all connections of the partner)`;
  return [
    `${waiting.connectionId} is ${waiting.status}`,
    ...heldLines(waiting.held),
    "",
    table(["resource", "standing", "when", "run", "why"], rows, "No resources: its imports were never set up."),
    `limit     ${limitText}`,
    `imports   ${laneText(lanes.imports)}`,
    `webhooks  ${laneText(lanes.webhooks)}`,
    `breaker   ${breakerText(waiting.breaker, nowMs)}`,
  ].join("\n");
}

function breakerText({ state, scope, since, nextProbeAt }: WaitingAnswer["breaker"], nowMs: number): string {
  if (state === "closed") return "closed: calls are made";
  const probe = nextProbeAt === null ? "a probe is under way" : `next probe ${relative(nextProbeAt, nowMs)}`;
  return `${state}, of the ${scope}, opened ${relative(since, nowMs)}; ${probe}`;
}
