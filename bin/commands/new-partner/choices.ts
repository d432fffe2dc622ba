import { UsageError } from "../usage-error.ts";
import { identifierOf, titleOf } from "./names.ts";
import { isModelName, modelNames } from "./models.ts";
import type { ModelName } from "./models.ts";

export const authKinds = ["header", "client-credentials", "authorization-code"] as const;
export const pageKinds = ["keyset", "offset", "next-link"] as const;
export const webhookKinds = ["body-hmac", "standard-webhooks", "none"] as const;

export type AuthKind = (typeof authKinds)[number];
export type PageKind = (typeof pageKinds)[number];
export type WebhookKind = (typeof webhookKinds)[number];

export interface Limit {
  readonly requests: number;
  readonly perMs: number;
}

/** Everything that is known of a partner before its driver is written. */
export interface PartnerChoices {
  /** As in folders, paths and queues: `acme-pay`. */
  readonly name: string;
  /** As in code: `acmePay`. */
  readonly identifier: string;
  readonly title: string;
  readonly docs: string;
  readonly baseUrl: string;
  readonly auth: AuthKind;
  readonly tokenUrl: string;
  readonly authorizeUrl: string;
  readonly pages: PageKind;
  readonly limits: readonly Limit[];
  readonly webhooks: WebhookKind;
  readonly resource: string;
  readonly model: ModelName;
}

/** What was said of a partner, by options or by answers; what was not said gets its default. */
export interface Said {
  readonly title?: string;
  readonly baseUrl?: string;
  readonly docs?: string;
  readonly auth?: string;
  readonly tokenUrl?: string;
  readonly authorizeUrl?: string;
  readonly pages?: string;
  readonly limits?: readonly string[];
  readonly webhooks?: string;
  readonly resource?: string;
  readonly model?: string;
}

export const defaultLimit = "10/s";

/**
 * Reads choices out of words.
 *
 * @throws UsageError that names the option and what it may be.
 */
export function readChoices(name: string, said: Said): PartnerChoices {
  if (!/^(?=.{2,31}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new UsageError(
      `"${name}": a partner's name is lower-case letters, digits and single dashes, 2 to 31 of them.`,
    );
  const baseUrl = urlOf("--base-url", said.baseUrl ?? `https://api.${name}.example/v1`).replace(/\/+$/, "");
  return {
    name,
    identifier: identifierOf(name),
    title: readTitle(said.title ?? titleOf(name)),
    docs: urlOf("--docs", said.docs ?? `https://docs.${name}.example`),
    baseUrl,
    auth: oneOf("--auth", said.auth ?? "header", authKinds),
    tokenUrl: urlOf("--token-url", said.tokenUrl ?? `${new URL(baseUrl).origin}/oauth/token`),
    authorizeUrl: urlOf("--authorize-url", said.authorizeUrl ?? `${new URL(baseUrl).origin}/oauth/authorize`),
    pages: oneOf("--pages", said.pages ?? "keyset", pageKinds),
    limits: (said.limits ?? [defaultLimit]).map(readLimit),
    webhooks: oneOf("--webhooks", said.webhooks ?? "body-hmac", webhookKinds),
    resource: readResource(said.resource ?? "orders"),
    model: readModel(said.model ?? "order"),
  };
}

/** @throws UsageError when `value` is none of `allowed`. */
export function oneOf<const Value extends string>(option: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: one of ${allowed.join(", ")}.`);
  return found;
}

const unitsMs: ReadonlyMap<string, number> = new Map([
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
/** The contract suite takes more than that for a slip of units. */
const perSecondMax = 10_000;

/** `10/s`, `300/min`, `5000/h`, `100/10s`. @throws UsageError when it is none of that kind. */
export function readLimit(text: string): Limit {
  const [, requests = "", count = "", unit = ""] = /^([1-9]\d{0,8})\/([1-9]\d{0,3})?(s|min|h|d)$/.exec(text) ?? [];
  const limit = { requests: Number(requests), perMs: Number(count || "1") * (unitsMs.get(unit) ?? 0) };
  if (limit.requests === 0)
    throw new UsageError(`--limit ${text}: calls per time, such as 10/s, 300/min, 5000/h or 100/10s.`);
  if (limit.requests / (limit.perMs / 1_000) > perSecondMax || limit.perMs > 31 * 86_400_000)
    throw new UsageError(`--limit ${text}: at most ${perSecondMax} calls a second, over at most 31 days.`);
  return limit;
}

function urlOf(option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain =
    url !== null && url.protocol === "https:" && url.search + url.hash + url.username + url.password === "";
  if (!isPlain || /["\\`]/.test(text))
    throw new UsageError(`${option} ${text}: an https URL without a query, a fragment or a user.`);
  return text;
}

function readTitle(text: string): string {
  if (/^[\p{L}\p{N}](?:[\p{L}\p{N} .&'()+-]{0,58}[\p{L}\p{N}.)+])?$/u.test(text)) return text;
  throw new UsageError(`--title ${text}: letters, digits, spaces and . & ' ( ) + -, at most 60.`);
}

function readResource(text: string): string {
  if (/^[a-z][A-Za-z0-9]{0,30}$/.test(text)) return text;
  throw new UsageError(`--resource ${text}: a name in camelCase, such as orders or paymentIntents.`);
}

function readModel(text: string): ModelName {
  if (isModelName(text)) return text;
  throw new UsageError(`--model ${text}: one of ${modelNames.join(", ")}.`);
}
