import * as z from "zod";
import type { PartnerDriver, WebhookDriver } from "../../../lib/engine/define-partner.ts";

/** A driver with just what the stacks read: synthesis must need nothing else of it. */
export function driverNamed(name: string): PartnerDriver {
  return { ...silentDriver(name), webhook };
}

/** One that sends no webhooks. */
export function silentDriver(name: string): PartnerDriver {
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
    resources: {},
  };
}

/** One whose tokens run out. */
export function renewingDriver(name: string): PartnerDriver {
  return {
    ...driverNamed(name),
    auth: {
      kind: "client-credentials",
      tokenUrl: `https://api.${name}.example/token`,
      parameters: {},
      tokensPerDay: null,
      credential: z.object({ clientId: z.string(), clientSecret: z.string() }),
    },
  };
}

const webhook: WebhookDriver = {
  verify: () => ({ ok: false, reason: "no-secret" }),
  schema: z.unknown(),
  dedupeKey: () => "",
  touches: () => [],
};
