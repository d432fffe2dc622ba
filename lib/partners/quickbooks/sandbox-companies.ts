import * as z from "zod";
import type { LimitRule } from "../../local/sandbox/limiter.ts";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";

export const RealmId = z.string().regex(/^\d{6,20}$/, "a realm is 6 to 20 digits");

/** Settings stand under an account of no name. */
export const ROOT = "";
export const settingsType = "_settings";

export const Company = z.object({
  name: z.string(),
  verifierToken: z.string(),
  webhookUrl: z.string().nullable(),
  perMinute: z.int(),
  perSecond: z.int(),
});
export type Company = z.infer<typeof Company>;

export function companyOf(objects: ObjectStore, realmId: string): Company | null {
  const stored = objects.get(ROOT, settingsType, realmId);
  return stored === null ? null : Company.parse(stored.state);
}

export function companies(objects: ObjectStore): readonly { readonly id: string; readonly name: string }[] {
  return objects.list(ROOT, settingsType).map(({ id, state }) => ({ id, name: Company.parse(state).name }));
}

/** 500 a minute for a company, 10 a second for a company and an app: …/learn/rest-api-features */
export function limitsOf(objects: ObjectStore, realmId: string): readonly LimitRule[] {
  const company = companyOf(objects, realmId);
  if (company === null) return [];
  const { perMinute, perSecond } = company;
  return [
    { kind: "rate", scope: `${realmId} minute`, limit: perMinute, windowMs: 60_000, reason: "per-minute" },
    { kind: "rate", scope: `${realmId} second`, limit: perSecond, windowMs: 1_000, reason: "per-second" },
  ];
}
