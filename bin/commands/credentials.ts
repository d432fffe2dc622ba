import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { print } from "./support/print.ts";
import { UsageError } from "./usage-error.ts";

const usage = "Usage: npm run sluice -- credentials re-encrypt [options]\n";

const RenewedPage = z.object({
  looked: z.number(),
  renewed: z.number(),
  current: z.number(),
  none: z.number(),
  superseded: z.number(),
  refused: z.array(z.object({ connectionId: z.string(), reason: z.string() })),
  next: z.string().nullable(),
});
type RenewedPage = z.infer<typeof RenewedPage>;

/** A million connections at a hundred a page. */
const pagesMax = 10_000;
const refusedShownMax = 50;

type Total = Omit<RenewedPage, "next" | "refused"> & { readonly refused: number };

export const credentialsCommand: Command = {
  name: "credentials",
  summary: "put stored credentials under the stage's key of today",
  help: `${usage}
After the stage was given another key (\`kmsKeyArn\`) and deployed: has KMS move each connection's data key from the former key
(\`formerKmsKeyArns\`) to the new one. Nothing is opened, and a refresh that is under way goes through. Cut off, run it again: what
is done already is found to be current. Run it until it renews nothing, then take the former key out. docs/credentials.md tells
the whole way. Needs a key of the API whose role is admin. Exit 1 when some could not be moved.

Options
  --partner <name>  only this partner's
${apiHelp}

Examples
  npm run sluice -- credentials re-encrypt
  npm run sluice -- credentials re-encrypt --partner stripe --json
`,
  options: { ...apiOptions, partner: { type: "string" } },
  async run(values, [what, ...more]) {
    if (what !== "re-encrypt" || more.length > 0) throw new UsageError(usage);
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const { total, refused } = await renewAll(apiOf(values), textOption(values, "partner", ""), say);
    print(values, { ...total, refusedFirst: refused }, () => renewedText(total, refused));
    return total.refused + total.superseded === 0 ? 0 : 1;
  },
};

async function renewAll(
  api: ApiClient,
  partner: string,
  say: (line: string) => void,
): Promise<{ readonly total: Total; readonly refused: RenewedPage["refused"] }> {
  let total: Total = { looked: 0, renewed: 0, current: 0, none: 0, superseded: 0, refused: 0 };
  const refused: RenewedPage["refused"] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const body: Record<string, unknown> = { ...(partner !== "" && { partner }), ...(cursor !== null && { cursor }) };
    const done: RenewedPage = await api.send("POST", "/credentials/re-encrypt", body, RenewedPage);
    total = added(total, done);
    refused.push(...done.refused.slice(0, refusedShownMax - refused.length));
    cursor = done.next;
    if (cursor === null) return { total, refused };
    say(`${total.looked} looked at, ${total.renewed} moved`);
  }
  throw new Error("There are more connections than this command goes through; give it one partner at a time.");
}

function added(total: Total, page: RenewedPage): Total {
  return {
    looked: total.looked + page.looked,
    renewed: total.renewed + page.renewed,
    current: total.current + page.current,
    none: total.none + page.none,
    superseded: total.superseded + page.superseded,
    refused: total.refused + page.refused.length,
  };
}

function renewedText(total: Total, refused: RenewedPage["refused"]): string {
  const lines = [
    `${total.looked} connections: ${total.renewed} moved to the stage's key, ${total.current} were under it, ${total.none} have no credential.`,
    ...(total.superseded === 0 ? [] : [`${total.superseded} were being replaced meanwhile: run it again.`]),
    ...refused.map(({ connectionId, reason }) => `${connectionId}: KMS refused (${reason})`),
    ...(total.refused > refused.length ? [`and ${total.refused - refused.length} more`] : []),
    ...(total.refused === 0 ? [] : ["Name the key that they are under in formerKmsKeyArns, deploy, and run it again."]),
  ];
  return `${lines.join("\n")}\n`;
}
