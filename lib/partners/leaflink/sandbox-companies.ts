import { createHash } from "node:crypto";
import * as z from "zod";
import type { Identified, SandboxRequest } from "../../local/sandbox/definition.ts";
import type { LimitRule } from "../../local/sandbox/limiter.ts";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";
import { detail } from "./sandbox-replies.ts";

export const ApiKey = z.string().regex(/^[A-Za-z0-9]{16,128}$/, "a key is 16 to 128 letters and digits");

/** Settings stand under an account of no name; a company's name here is made of its key, so that no file holds keys. */
export const ROOT = "";
export const settingsType = "_settings";

export const CompanySettings = z.object({
  /** The user who made the key: all keys of one user share a quota. */
  owner: z.string(),
  perMinute: z.int(),
  webhookKey: z.string(),
  webhookUrl: z.string().nullable(),
});
export type CompanySettings = z.infer<typeof CompanySettings>;

const WINDOW_MS = 60_000;

export function companyFor(key: string): string {
  return `company_${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
}

export function settingsOf(objects: ObjectStore, company: string): CompanySettings | null {
  const stored = objects.get(ROOT, settingsType, company);
  return stored === null ? null : CompanySettings.parse(stored.state);
}

/** `Authorization: App <key>`, with one space; a key is bound to one company (developer.leaflink.com/legacy/v2/api/authorization). */
export function identify(objects: ObjectStore, request: SandboxRequest): Identified {
  const key = /^App (?<key>\S+)$/.exec(request.headers.authorization ?? "")?.groups?.["key"];
  if (key === undefined) return { kind: "reply", reply: detail(401, "Authentication credentials were not provided.") };
  const account = companyFor(key);
  if (settingsOf(objects, account) === null) return { kind: "reply", reply: detail(401, "Invalid token.") };
  return { kind: "account", account };
}

/** 300 a minute for the owner of the key, whichever key it is; the burst that LeafLink also names is not granted here. */
export function limitsOf(objects: ObjectStore, company: string): readonly LimitRule[] {
  const settings = settingsOf(objects, company);
  if (settings === null) return [];
  const scope = `owner ${settings.owner}`;
  return [{ kind: "rate", scope, limit: settings.perMinute, windowMs: WINDOW_MS, reason: "per-minute" }];
}
