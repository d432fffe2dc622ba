import { text as textOfStream } from "node:stream/consumers";
import { flag, textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionText } from "./support/connection-text.ts";
import { wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { ConnectionWhole } from "./support/shapes.ts";
import { UsageError } from "./usage-error.ts";

export const connectCommand: Command = {
  name: "connect",
  summary: "connect one tenant's account at a partner",
  help: `Usage: npm run sluice -- connect <partner> --tenant <id> --name <text> [options]

Stores the credential and starts the first imports. What other users of this machine can read on a command line they can
read of a credential: for a real one use --credential-stdin.

Options
  --tenant <id>                  your customer's id
  --name <text>                  for people (default: the partner's name)
  --credential <field>=<value>   a field of the credential; may be given several times
  --credential-stdin             the credential as a JSON object on standard input
  --account <id>                 the account's id at the partner, where one webhook address serves all accounts
  --setting <name>=<value>       such as a region; may be given several times
  --webhook-secret <secret>      of the connection's own webhook address
${apiHelp}

Examples
  npm run sluice -- connect guesty --tenant tenant-1 --name "Harbour Flats" --credential clientId=client-0001 --credential clientSecret=not-a-real-secret-1
  echo '{"apiKey": "0123456789abcdef0123456789abcdef01234567"}' | npm run sluice -- connect leaflink --tenant tenant-1 --name "Green Shop" --credential-stdin
`,
  options: {
    ...apiOptions,
    tenant: { type: "string" },
    name: { type: "string" },
    credential: { type: "string", multiple: true },
    "credential-stdin": { type: "boolean" },
    account: { type: "string" },
    setting: { type: "string", multiple: true },
    "webhook-secret": { type: "string" },
  },
  async run(values, positionals) {
    const [partner = ""] = wordsOf(positionals, "connect <partner> --tenant <id> --name <text> [options]", 1);
    const tenantId = textOption(values, "tenant", "");
    if (tenantId === "") throw new UsageError("--tenant <id>: whose account it is.");
    const api = apiOf(values);
    const body = {
      partner,
      tenantId,
      name: textOption(values, "name", partner),
      credential: await credentialOf(values),
      account: values["account"] ?? null,
      settings: pairsOf(values, "setting"),
      webhookSecret: values["webhook-secret"] ?? null,
    };
    const connection = await api.send("POST", "/connections", body, ConnectionWhole);
    print(values, connection, () => connectionText(connection, Date.now()));
    return 0;
  },
};

async function credentialOf(values: Values): Promise<unknown> {
  if (!flag(values, "credential-stdin")) return pairsOf(values, "credential");
  try {
    const credential: unknown = JSON.parse(await textOfStream(process.stdin));
    return credential;
  } catch {
    // What the parser says would quote the credential.
    throw new UsageError("--credential-stdin: standard input holds no JSON object.");
  }
}

function pairsOf(values: Values, name: string): Readonly<Record<string, string>> {
  const given = values[name];
  const pairs = (Array.isArray(given) ? given : []).map((each): [string, string] => {
    const [, field, value] = /^([^=]+)=(.*)$/s.exec(String(each)) ?? [];
    // The value is not repeated: it may be a secret.
    if (field === undefined || value === undefined) throw new UsageError(`--${name}: give <name>=<value>.`);
    return [field, value];
  });
  return Object.fromEntries(pairs);
}
