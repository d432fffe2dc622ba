import type { PartnerChoices } from "./choices.ts";
import { dashed } from "./names.ts";

/** What is left to a person, in the order in which it is best done. */
export function nextSteps(choices: PartnerChoices): readonly string[] {
  const driver = `lib/partners/${choices.name}/driver.ts`;
  const fixtures = `test/partners/${choices.name}/fixtures`;
  const schema = choices.model.slice(0, 1).toUpperCase() + choices.model.slice(1);
  return [
    `${driver}: \`baseUrl\`, \`auth\` and its credential's form, \`limits\`, each as ${choices.title}'s documentation has it.`,
    ...(choices.auth === "authorization-code"
      ? [`${driver}: \`scopes\`, and where the partner names the \`account\` that was connected; docs/credentials.md.`]
      : []),
    `${driver}: the options of \`pages\`, and the paths of \`${choices.resource}\`.`,
    `${fixtures}/${dashed(choices.resource)}.json: real answers, without secrets and people's data; then the schema \`${schema}\` and \`toRecord\` after them, and the expected record in the test.`,
    ...(choices.webhooks === "none"
      ? []
      : [
          `${fixtures}/events.json and signature-vectors.json: real events and the vendor's own vectors; then \`WebhookEvent\`, \`touches\` and the verifier.`,
        ]),
    `${driver}: \`increment\`, if there is a filter by change or a feed; \`gone\`, \`version\` and \`classify\`, if they apply.`,
    `${fixtures}/errors.json: every error that is documented.`,
    `docs/partners/${choices.name}.md: each assumption compared with the documentation, with its page and date.`,
    `npx vitest run test/partners/${choices.name}, then npm run check.`,
  ];
}
