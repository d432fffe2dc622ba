import * as z from "zod";
import type { PartnerDriver, WebhookDriver } from "../../../lib/engine/define-partner.ts";

/** A driver with just what the stacks read: synthesis must need nothing else of it. */
export function driverNamed(name: string, options: { readonly silent?: boolean } = {}): PartnerDriver {
  return {
    name,
    title: name.toUpperCase(),
    docs: `https://${name}.example/docs`,
    baseUrl: `https://api.${name}.example`,
    auth: {
      kind: "header",
      header: "authorization",
      prefix: "Bearer ",
      field: "apiKey",
      credential: z.object({ apiKey: z.string() }),
    },
    limits: [],
    ...(options.silent !== true && { webhook }),
    resources: {},
  };
}

const webhook: WebhookDriver = {
  verify: () => ({ ok: false, reason: "no-secret" }),
  schema: z.unknown(),
  dedupeKey: () => "",
  touches: () => [],
};
