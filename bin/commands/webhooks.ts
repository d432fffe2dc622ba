import * as z from "zod";
import { flag } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf, wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { relative } from "./support/times.ts";

const Registration = z.looseObject({
  connectionId: z.string(),
  isRegisteredByHand: z.boolean(),
  status: z.string(),
  url: z.string().nullable(),
  subscriptionId: z.string().nullable(),
  events: z.array(z.string()),
  hasWebhookSecret: z.boolean(),
  checkedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  nextLookAt: z.string().nullable(),
  error: z.looseObject({ at: z.string(), code: z.string(), message: z.string() }).nullable(),
});
type Registration = z.infer<typeof Registration>;

export const webhooksCommand: Command = {
  name: "webhooks",
  summary: "how a connection's webhooks are registered with its partner; --ensure registers them",
  help: `Usage: npm run sluice -- webhooks <connection> [options]

Where the partner sends this connection's webhooks, and whether it is known to. With --ensure they are registered at the
address of the API that is asked, or put right where they are registered already. It is done by a worker within seconds; asked
again, nothing is made twice. From then on it is renewed by itself, and removed with the connection.

Options
  --ensure          register them, or see that they are as they should be
${apiHelp}

Examples
  npm run sluice -- webhooks stripe
  npm run sluice -- webhooks stripe --ensure
`,
  options: { ...apiOptions, ensure: { type: "boolean" } },
  async run(values, positionals) {
    const [said = ""] = wordsOf(positionals, "webhooks <connection>", 1);
    const api = apiOf(values);
    const path = `/connections/${await connectionIdOf(api, said)}/webhooks`;
    const isAsked = flag(values, "ensure");
    const registration = isAsked ? await api.send("POST", path, {}, Registration) : await api.get(path, Registration);
    print(values, registration, () => textOf(registration, Date.now()));
    return 0;
  },
};

function textOf(registration: Registration, nowMs: number): string {
  const { connectionId, isRegisteredByHand, status, url, subscriptionId, error } = registration;
  if (isRegisteredByHand)
    return `${connectionId}  registered by a person at the partner: see its page in docs/partners\n`;
  const { checkedAt, expiresAt, nextLookAt, events } = registration;
  const lines = [
    `${connectionId}  ${status}${subscriptionId === null ? "" : ` as ${subscriptionId}`}`,
    ...(url === null
      ? ["Nothing is registered; --ensure does it."]
      : [`Webhooks go to ${url}`, `${events.length} kinds of events`]),
    ...(checkedAt === null ? [] : [`Seen to be right ${relative(checkedAt, nowMs)}`]),
    ...(expiresAt === null ? [] : [`Ends ${relative(expiresAt, nowMs)}`]),
    ...(nextLookAt === null ? [] : [`Looked at again ${relative(nextLookAt, nowMs)}`]),
    ...(error === null ? [] : [`Failed ${relative(error.at, nowMs)}, ${error.code}: ${error.message}`]),
  ];
  return `${lines.join("\n")}\n`;
}
