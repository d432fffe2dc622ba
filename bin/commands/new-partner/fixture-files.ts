import type { PartnerChoices } from "./choices.ts";
import { modelTemplates } from "./models.ts";
import { dashed } from "./names.ts";
import { examplePages } from "./pages.ts";
import { webhookTemplateOf } from "./webhooks.ts";

/** The files of `test/partners/<name>/fixtures`, by name: invented, of the form that the driver expects. */
export function fixtureFiles(choices: PartnerChoices): Readonly<Record<string, unknown>> {
  return {
    [`${dashed(choices.resource)}.json`]: examplePages(choices, exampleThings(choices)),
    "errors.json": errors,
    ...(choices.webhooks === "none"
      ? {}
      : { "events.json": events(choices), "signature-vectors.json": signatureVectors(choices) }),
  };
}

/** The first thing of the fixtures as a record. */
export function expectedRecord(choices: PartnerChoices): Readonly<Record<string, unknown>> {
  return {
    id: "1001",
    ...modelTemplates[choices.model].expected,
    createdAt: "2026-11-02T08:30:00.000Z",
    extra: { region: "north" },
  };
}

function exampleThings(choices: PartnerChoices): readonly unknown[] {
  const { example } = modelTemplates[choices.model];
  return ["1001", "1002", "1003"].map((id) => ({
    id,
    created_at: "2026-11-02T09:30:00+01:00",
    ...example,
    region: "north",
  }));
}

function events({ model, resource }: PartnerChoices): readonly unknown[] {
  const event = (id: string, type: string) => ({ id, type, data: { id: "1001" } });
  return [
    {
      name: "a change",
      event: event("evt_0001", `${model}.updated`),
      touches: [{ resource, externalId: "1001" }],
      account: null,
    },
    { name: "something else", event: event("evt_0002", "ping.sent"), touches: [], account: null },
  ];
}

const signedAtSeconds = 1_790_000_000;

function signatureVectors(choices: PartnerChoices): readonly unknown[] {
  const template = webhookTemplateOf(choices);
  if (template === null) return [];
  const body = JSON.stringify({ id: "evt_0001", type: `${choices.model}.updated`, data: { id: "1001" } });
  const headers = template.sign(choices, body, signedAtSeconds);
  const vector = { secret: template.secret, headers, now: signedAtSeconds };
  const source = "made by new-partner, not published by the vendor";
  return [
    { name: "as it was signed", ...vector, body, valid: true, source },
    { name: "another body", ...vector, body: body.replace("1001", "1002"), valid: false, source },
  ];
}

const headers = { "content-type": "application/json" };

const errors = [
  {
    name: "no key, or a wrong one",
    status: 401,
    headers,
    body: { error: "unauthorized" },
    kind: "auth",
    code: "http-401",
  },
  {
    name: "a thing that is not there",
    status: 404,
    headers,
    body: { error: "not_found" },
    kind: "client",
    code: "http-404",
  },
  {
    name: "over the limit",
    status: 429,
    headers: { ...headers, "retry-after": "7" },
    body: { error: "too_many_requests" },
    kind: "rate",
    code: "http-429",
    retryAfterMs: 7_000,
  },
  {
    name: "trouble on their side",
    status: 500,
    headers,
    body: { error: "internal" },
    kind: "transient",
    code: "http-500",
  },
];
