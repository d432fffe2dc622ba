import { authTemplateOf } from "./auth.ts";
import type { Limit, PartnerChoices } from "./choices.ts";
import { dashed } from "./names.ts";
import { pagesTemplates } from "./pages.ts";
import { webhookTemplateOf } from "./webhooks.ts";

/** `docs/partners/<name>.md`: the sections that every partner's page has. What nobody has looked up yet says so itself. */
export function docsPage(choices: PartnerChoices): string {
  const { title, docs, resource, model } = choices;
  const changes = choices.webhooks === "none" ? "full passes" : "webhooks, full passes";
  const auth = authTemplateOf(choices);
  return `# ${title}

API reference: ${docs}

This page was made together with the driver's first draft. Whatever it says is what was assumed then: compare each line
with ${title}'s own documentation, correct it here and in the driver, and put the date beside it.

| resource | read from | model | changes come from | deletions |
| --- | --- | --- | --- | --- |
| \`${resource}\` | \`/${dashed(resource)}\` | ${model} | ${changes} | none known |

## Connect an account

1. ${auth.make} in ${title}'s settings; where that is, nobody has written down yet.
2. ${connectStep(choices)}
${webhookStep(choices)}
## What becomes of things

- A thing is fetched from \`/${dashed(resource)}\` and mapped into the model \`${model}\`; fields without a place in it are under \`extra\` as they came.
${choices.webhooks === "none" ? "- Every import passes over everything, as no filter by change is known yet." : "- An event is a nudge: the thing that it names is fetched again, and its payload is not used."}

## Errors

| answer | taken for | why |
| --- | --- | --- |
| 401, 403 | auth | as everywhere |
| 404, 410 | gone, or client | as everywhere |
| 429 | rate | waits for \`Retry-After\` where there is one |
| 5xx | transient | as everywhere |

What ${title} answers instead, such as a 200 with an error inside, is not known yet.

## Quirks

Nothing here has been seen on a real account yet; "unverified" marks what no page of ${title}'s has been read for.

- **Limits.** ${choices.limits.map(limitWords).join(", ")} for an account. ${docs} (unverified)
- **Pages.** ${capitalisedSentence(pagesTemplates[choices.pages].words)}; at most 100 a page. ${docs} (unverified)
- **Keys.** ${auth.words(choices)}. ${docs} (unverified)
- **Webhooks.** ${webhookTemplateOf(choices)?.words(choices) ?? "None that are known"}. ${docs} (unverified)
- **Deletions.** How ${title} tells of them, or whether it does, has not been looked up. ${docs} (unverified)

## Not there yet

Changes by filter or feed, other resources, and a sandbox for \`npm start\` and \`npm run smoke\`.
`;
}

function connectStep(choices: PartnerChoices): string {
  const { name, title } = choices;
  const { example } = authTemplateOf(choices);
  if (example === null)
    return `Put its id, secret and redirect URI into the partner's secret as \`app\`; then \`POST /api/v1/connections/authorize\` with \`{"partner":"${name}", …}\` answers where to send the browser of whoever has an account at ${title}.`;
  const credential = JSON.stringify({ partner: name, credential: example });
  return `Store it: \`POST /api/v1/connections\` with \`${credential.slice(0, -1)}, …}\`.`;
}

function webhookStep({ title, name, webhooks }: PartnerChoices): string {
  if (webhooks === "none") return "";
  return `3. Register \`…/webhooks/${name}/<connection id>\` as a webhook at ${title}, and hand its signing secret over as \`webhookSecret\`.\n`;
}

const units: ReadonlyMap<number, string> = new Map([
  [1_000, "second"],
  [60_000, "minute"],
  [3_600_000, "hour"],
  [86_400_000, "day"],
]);

function limitWords({ requests, perMs }: Limit): string {
  return `${requests} calls per ${units.get(perMs) ?? `${perMs / 1_000} seconds`}`;
}

function capitalisedSentence(text: string): string {
  return text.startsWith("`") ? `By ${text}` : text.slice(0, 1).toUpperCase() + text.slice(1);
}
