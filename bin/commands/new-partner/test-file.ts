import { authTemplateOf } from "./auth.ts";
import type { PartnerChoices } from "./choices.ts";
import { expectedRecord } from "./fixture-files.ts";
import { modelTemplates } from "./models.ts";
import { dashed } from "./names.ts";
import { webhookTemplateOf } from "./webhooks.ts";

/** `test/partners/<name>/<name>.test.ts`: one call of the shared contract suite, and one record looked at field by field. */
export function testFile(choices: PartnerChoices): string {
  const { identifier, name, resource, model } = choices;
  const webhook = webhookTemplateOf(choices);
  const required = ["id", "created_at", ...modelTemplates[model].required];
  return `${webhook === null ? "" : `${webhook.signImport}\n`}import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { ${identifier} } from "../../../lib/partners/${name}/driver.ts";
import { describePartner } from "../contract.ts";
import { mapThing, thingsOf } from "../contract/resources.ts";
import { readFixture } from "../contract/subject.ts";

const root = join(import.meta.dirname, "../../..");
const read = <Schema extends z.ZodType>(file: string, schema: Schema) => readFixture(root, "${name}", file, schema);

const Headers = z.record(z.string(), z.string());
const Errors = z.array(
  z.object({
    name: z.string(),
    status: z.int(),
    headers: Headers,
    body: z.unknown(),
    kind: z.enum(["transient", "rate", "client", "auth", "data"]),
    code: z.string(),
    retryAfterMs: z.number().nullable().default(null),
  }),
);
${webhook === null ? "" : webhookSchemas(resource)}
const pages = read("${dashed(resource)}.json", z.array(z.looseObject({})));

describePartner(${identifier}, {
  credentials: ${authTemplateOf(choices).credentials},
  resources: {
    ${resource}: { pages, required: ${JSON.stringify(required)}, gone: [], feed: null },
  },
  webhook: ${webhookCode(choices)},
  errors: read("errors.json", Errors),
});

test("a thing of ${resource} becomes a record of the model ${model}", () => {
  const [raw] = thingsOf(${identifier}.resources.${resource}, pages);
  expect(mapThing(${identifier}.resources.${resource}, raw)).toMatchObject({
    kind: "mapped",
    data: ${JSON.stringify(expectedRecord(choices))},
  });
});
`;
}

function webhookSchemas(resource: string): string {
  return `const Events = z.array(
  z.object({
    name: z.string(),
    event: z.looseObject({}),
    touches: z.array(z.object({ resource: z.literal("${resource}"), externalId: z.string() })),
    account: z.string().nullable(),
  }),
);
const Vectors = z.array(
  z.object({
    name: z.string(),
    secret: z.string(),
    headers: Headers,
    body: z.string(),
    now: z.int(),
    valid: z.boolean(),
  }),
);
`;
}

function webhookCode(choices: PartnerChoices): string {
  const template = webhookTemplateOf(choices);
  if (template === null) return "null";
  return `{
    vectors: read("signature-vectors.json", Vectors),
    secret: "${template.secret}",
    // Without the driver's code, which is what is tested.
    sign: ${template.signCode(choices)},
    method: "POST",
    url: "https://hooks.example.com/webhooks/${choices.name}",
    toleranceMs: ${template.toleranceMs === null ? "null" : "300_000"},
    events: read("events.json", Events),
  }`;
}
