import { flag } from "../command.ts";
import type { Command, Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";
import { askMissing } from "./ask.ts";
import { readChoices } from "./choices.ts";
import type { Said } from "./choices.ts";
import { nextSteps } from "./next-steps.ts";
import { scaffold } from "./scaffold.ts";

export const newPartnerCommand: Command = {
  name: "new-partner",
  summary: "write the first draft of a partner: driver, test, fixtures, docs page",
  help: `Usage: npm run sluice -- new-partner <name> [options]

Writes a driver that compiles, a test that passes, fixtures and a docs page, adds the partner to the list of partners, and
says what to fill in. Asks what matters when it is not said and somebody sits at the terminal. Overwrites nothing.

Options
  --auth <kind>        header (default), client-credentials, authorization-code
  --pages <kind>       keyset (default), offset, next-link
  --limit <limit>      calls an account may make: 10/s (default), 300/min, 5000/h, 100/10s; may be given several times
  --webhooks <kind>    body-hmac (default), standard-webhooks, none
  --resource <name>    what is imported, in camelCase (default orders)
  --model <name>       what it becomes: order (default), payment, customer, product, property, reservation, guest
  --title <text>       as people write it
  --base-url <url>     of the API, with its version (default https://api.<name>.example/v1)
  --docs <url>         of the API's documentation
  --token-url <url>    where tokens are bought (default /oauth/token on the API's host)
  --authorize-url <url>  where a person's browser is sent (default /oauth/authorize on the API's host)
  --yes                ask nothing, take the defaults

Examples
  npm run sluice -- new-partner acme
  npm run sluice -- new-partner acme-pay --auth client-credentials --pages offset --limit 15/s --limit 5000/h --yes
  npm run sluice -- new-partner shop --webhooks none --resource products --model product --yes
`,
  options: {
    auth: { type: "string" },
    pages: { type: "string" },
    limit: { type: "string", multiple: true },
    webhooks: { type: "string" },
    resource: { type: "string" },
    model: { type: "string" },
    title: { type: "string" },
    "base-url": { type: "string" },
    docs: { type: "string" },
    "token-url": { type: "string" },
    "authorize-url": { type: "string" },
    yes: { type: "boolean", short: "y" },
  },
  run,
};

async function run(values: Values, positionals: readonly string[]): Promise<number> {
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0)
    throw new UsageError("Usage: npm run sluice -- new-partner <name> [options]");
  const said = saidIn(values);
  // What was said is looked at before anything is asked: nobody answers four questions to hear of a slip in the first word.
  readChoices(name, said);
  const asks = process.stdin.isTTY && !flag(values, "yes");
  const answered = asks ? await askMissing(said, { input: process.stdin, output: process.stdout }) : said;
  const choices = readChoices(name, answered);
  const written = await scaffold(process.cwd(), choices);
  const steps = nextSteps(choices).map((step, index) => `  ${index + 1}. ${step}`);
  process.stdout.write(
    `Wrote\n${written.map((path) => `  ${path}\n`).join("")}\nTo fill in, in this order:\n${steps.join("\n")}\n`,
  );
  return 0;
}

const optionOf = {
  auth: "auth",
  pages: "pages",
  webhooks: "webhooks",
  resource: "resource",
  model: "model",
  title: "title",
  docs: "docs",
  baseUrl: "base-url",
  tokenUrl: "token-url",
  authorizeUrl: "authorize-url",
} as const;

function saidIn(values: Values): Said {
  const texts = Object.entries(optionOf).flatMap(([field, option]) => {
    const value = values[option];
    return typeof value === "string" ? [[field, value] as const] : [];
  });
  const limits = values["limit"];
  return {
    ...Object.fromEntries(texts),
    ...(Array.isArray(limits) ? { limits: limits.map(String) } : {}),
  };
}
