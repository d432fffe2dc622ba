import { authCode, authTemplateOf } from "./auth.ts";
import type { Limit, PartnerChoices } from "./choices.ts";
import { modelTemplates } from "./models.ts";
import type { ModelTemplate } from "./models.ts";
import { capitalised, dashed } from "./names.ts";
import { pagesTemplates } from "./pages.ts";
import { webhookTemplateOf } from "./webhooks.ts";

/** `lib/partners/<name>/driver.ts`: everything in one file, until mapping is long enough for one of its own. */
export function driverFile(choices: PartnerChoices): string {
  const { identifier, model } = choices;
  const template = modelTemplates[model];
  return `${imports(choices, template)}

const hourMs = 3_600_000;
const dayMs = 86_400_000;

const Id = z.string().min(1).max(255);

/** What ${choices.title} sends, as far as it is read here: only what no ${model} lacks is required, and unknown fields are kept. */
const ${capitalised(model)} = z.looseObject({
  id: Id,
  created_at: z.iso.datetime({ offset: true }),
  ${template.schema.map((member) => `${member},`).join("\n  ")}
});
${eventSchema(choices)}${statuses(choices, template)}
const pages = ${pagesTemplates[choices.pages].maker}(${pagesTemplates[choices.pages].options});

export const ${identifier} = definePartner({
  name: ${JSON.stringify(choices.name)},
  title: ${JSON.stringify(choices.title)},
  docs: ${JSON.stringify(choices.docs)},
  baseUrl: ${JSON.stringify(choices.baseUrl)},
  ${authCode(choices)}
  limits: [${choices.limits.map(limitCode).join(", ")}],
  ${webhookCode(choices)}
  resources: {
    ${resourceCode(choices, template)}
  },
});
`;
}

function imports(choices: PartnerChoices, template: ModelTemplate): string {
  const webhook = webhookTemplateOf(choices);
  const pages = pagesTemplates[choices.pages];
  const makers = webhook === null ? "definePartner, resource" : "definePartner, resource, webhook";
  const usesMoney = template.record.some((member) => member.includes("moneyFromMinor"));
  return [
    'import * as z from "zod";',
    `import { ${makers} } from "../../engine/define-partner.ts";`,
    'import { slidingWindow } from "../../engine/gate/limit-declarations.ts";',
    ...authTemplateOf(choices).imports,
    `import { ${pages.maker} } from "../../engine/pages/${pages.module}.ts";`,
    ...(webhook === null ? [] : [`import { ${webhook.maker} } from "../../engine/signatures/${webhook.module}.ts";`]),
    'import { extraOf, instantFromMs, present } from "../../models/common.ts";',
    ...(usesMoney ? ['import { moneyFromMinor } from "../../models/money.ts";'] : []),
    `import { ${choices.model} } from "../../models/${choices.model}.ts";`,
  ].join("\n");
}

function eventSchema(choices: PartnerChoices): string {
  if (choices.webhooks === "none") return "";
  return `
const WebhookEvent = z.looseObject({
  id: z.string().min(1).max(200),
  type: z.string(),
  data: z.looseObject({ id: Id }),
});
`;
}

function statuses(choices: PartnerChoices, template: ModelTemplate): string {
  if (template.statuses === null) return "\n";
  const pairs = template.statuses.map(([theirs, ours]) => `["${theirs}", "${ours}"],`).join("\n  ");
  return `
/** Their words for ours; a word that is not here is \`unknown\`, and no error. */
const statuses: ReadonlyMap<string, z.infer<typeof ${choices.model}.schema>["status"]> = new Map([
  ${pairs}
]);

`;
}

function limitCode({ requests, perMs }: Limit): string {
  return `slidingWindow({ per: "account", requests: ${grouped(requests)}, perMs: ${grouped(perMs)} })`;
}

/** `60000` → `60_000`. */
function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, "_");
}

function webhookCode(choices: PartnerChoices): string {
  const template = webhookTemplateOf(choices);
  if (template === null) return "";
  const replayable = template.toleranceMs === null ? "\n    isReplayable: true," : "";
  return `webhook: webhook({
    verify: ${template.verifier(choices)},
    schema: WebhookEvent,
    dedupeKey: (event) => event.id,${replayable}
    touches: (event) =>
      event.type.startsWith("${choices.model}.") ? [{ resource: "${choices.resource}", externalId: event.data.id }] : [],
  }),`;
}

function resourceCode(choices: PartnerChoices, template: ModelTemplate): string {
  const path = `/${dashed(choices.resource)}`;
  const status =
    template.statuses === null
      ? ""
      : 'status: statuses.get(raw.status) ?? ("unknown" as const),\npartnerStatus: raw.status,';
  const taken = ["id", "created_at", ...template.taken].map((field) => JSON.stringify(field)).join(", ");
  return `${choices.resource}: resource({
      model: ${choices.model},
      path: "${path}",
      onePath: (id) => \`${path}/\${id}\`,
      page: pages,
      // Without a filter or a feed of changes every import passes over everything; \`increment\` is where that changes.
      everyMs: hourMs,
      fullEveryMs: dayMs,
      increment: null,
      schema: ${capitalised(choices.model)},
      id: (raw) => raw.id,
      toRecord: (raw) =>
        present({
          id: raw.id,
          ${template.record.map((member) => `${member},`).join("\n")}
          ${status}
          createdAt: instantFromMs(Date.parse(raw.created_at)),
          extra: extraOf(raw, [${taken}]),
        }),
    }),`;
}
