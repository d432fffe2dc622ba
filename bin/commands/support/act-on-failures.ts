import type { ApiClient } from "../api-client.ts";
import { flag, textOption } from "../command.ts";
import type { Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";
import { apiOf } from "./api-access.ts";
import { print } from "./print.ts";
import { ActAnswer, GroupView } from "./shapes.ts";
import { momentOf } from "./times.ts";

export type Act = "replay" | "discard";

export const actOptions = {
  group: { type: "string" },
  since: { type: "string" },
  partner: { type: "string" },
  "dry-run": { type: "boolean" },
} as const;

export const actHelp = `  --group <fingerprint>  all open ones that are alike, as "failures" shows them
  --since <time>         all open ones seen since: 2h, 30m, 7d, or a date such as 2026-03-01
  --partner <name>       with --since or --group: only this partner's
  --dry-run              only say which`;

interface Tally {
  readonly done: readonly string[];
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** There are more than were asked for: of a dry run, or where nothing more could be done. */
  readonly more: boolean;
}

/** One call of the API takes a hundred: this is enough for ten thousand. */
const roundsMax = 100;

/** Replays or discards the failures that the words and options name. The exit code: 1 when one was refused. */
export async function actOnFailures(values: Values, refs: readonly string[], act: Act): Promise<number> {
  const api = apiOf(values);
  const form = await formOf(api, values, refs, act);
  const dryRun = flag(values, "dry-run");
  const tally = await actInRounds(api, act, { ...form, ...(dryRun ? { dryRun } : {}) });
  print(values, { [dryRun ? "would" : "done"]: tally.done, refused: tally.refused, more: tally.more }, () =>
    tallyText(tally, act, dryRun),
  );
  return tally.refused.length > 0 ? 1 : 0;
}

async function formOf(
  api: ApiClient,
  values: Values,
  refs: readonly string[],
  act: Act,
): Promise<Readonly<Record<string, unknown>>> {
  const group = textOption(values, "group", "");
  const since = textOption(values, "since", "");
  const partner = textOption(values, "partner", "");
  const forms = [refs.length > 0, group !== "", since !== ""].filter(Boolean).length;
  if (forms !== 1)
    throw new UsageError(`Say which: npm run sluice -- ${act} <failure>… | --group <fingerprint> | --since <time>`);
  if (refs.length > 0) return { failureIds: refs };
  if (since !== "") return { since: momentOf(since, Date.now()), ...(partner === "" ? {} : { partner }) };
  return { fingerprint: group, partner: partner === "" ? await partnerOfGroup(api, group) : partner };
}

/** A fingerprint belongs to one partner, which the list of groups names. */
async function partnerOfGroup(api: ApiClient, fingerprint: string): Promise<string> {
  const groups = await api.list("/failures?group=true&status=open", GroupView, 2_000);
  const group = groups.find((each) => each.fingerprint === fingerprint);
  if (group === undefined)
    throw new UsageError(`--group ${fingerprint}: no open failures have this fingerprint. See: failures`);
  return group.partner;
}

async function actInRounds(api: ApiClient, act: Act, form: Readonly<Record<string, unknown>>): Promise<Tally> {
  const done: string[] = [];
  const refused = new Map<string, string>();
  for (let round = 0; round < roundsMax; round++) {
    const answer = await api.send("POST", `/failures/${act}`, form, ActAnswer);
    const acted = answer.replayed ?? answer.discarded ?? answer.wouldReplay ?? answer.wouldDiscard ?? [];
    done.push(...acted);
    for (const { id, reason } of answer.refused) refused.set(id, reason);
    const goesOn = answer.more && acted.length > 0 && form["dryRun"] !== true;
    if (!goesOn) return { done, refused: listOf(refused), more: answer.more };
  }
  return { done, refused: listOf(refused), more: true };
}

function listOf(refused: ReadonlyMap<string, string>): Tally["refused"] {
  return [...refused].map(([id, reason]) => ({ id, reason }));
}

const said = {
  replay: { did: "Replaying", would: "Would replay" },
  discard: { did: "Discarded", would: "Would discard" },
} as const;

function tallyText({ done, refused, more }: Tally, act: Act, dryRun: boolean): string {
  const verb = dryRun ? said[act].would : said[act].did;
  const lines = [
    `${verb} ${done.length} failure${done.length === 1 ? "" : "s"}${more ? "; there are more" : ""}.`,
    ...done.map((id) => `  ${id}`),
    ...refused.map(({ id, reason }) => `  ${id}: ${reason}`),
  ];
  return lines.join("\n");
}
