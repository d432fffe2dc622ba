import * as z from "zod";
import { slidingWindow } from "../../../../lib/engine/gate/limit-declarations.ts";
import { definePartner } from "../../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../../lib/engine/define-partner.ts";
import { acme } from "../../support/acme.ts";

const { orders } = acme.resources;
if (orders === undefined) throw new Error("acme has orders");

/** A partner unlike acme: no webhooks, two resources, no plain credential object, and a schema that quotes what it refuses. */
export const beta: PartnerDriver = definePartner({
  name: "beta",
  title: "Beta",
  docs: "https://docs.beta.example",
  baseUrl: "https://api.beta.example",
  auth: {
    kind: "header",
    header: "x-beta",
    prefix: "",
    field: "token",
    credential: z.object({ token: z.string(), region: z.string() }).superRefine((credential, context) => {
      if (!credential.token.startsWith("beta-"))
        context.addIssue({ code: "custom", path: ["token"], message: `${credential.token} is no token` });
    }),
  },
  limits: [slidingWindow({ per: "endpoint", requests: 3, perMs: 1_000, share: 0.5 })],
  resources: { invoices: { ...orders, path: "/invoices", increment: null }, refunds: { ...orders, path: "/refunds" } },
});
