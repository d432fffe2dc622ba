import { createHash, createHmac } from "node:crypto";
import { digitsMs } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacReading, MacScheme } from "./mac-scheme.ts";
import { byText, formFields, onlyValue, queryFields } from "./query.ts";
import type { Field } from "./query.ts";
import { rejected } from "./verifier.ts";
import type { Rejection, Verifier } from "./verifier.ts";

/** No window is prescribed; a day is long for a login and short for a stolen one. */
const toleranceMs = 86_400_000;

/**
 * Telegram's login data of a Mini App, the body being its `initData`: hex HMAC-SHA256 over the decoded fields without `hash`,
 * sorted, one `name=value` a line. The secret is the bot's token.
 * https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
 */
export const telegramMiniAppSignature: Verifier = (request) => verifyMac(telegramMiniAppScheme, request);

export const telegramMiniAppScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "hex",
  toleranceMs,
  keyOf: (token) => (token === "" ? null : createHmac("sha256", "WebAppData").update(token).digest()),
  read: ({ rawBody }) => readFields(formFields(Buffer.from(rawBody).toString("utf8"))),
};

/**
 * The same of the login widget, whose fields come in the query of the URL that it redirects to: the key is made otherwise.
 * https://core.telegram.org/widgets/login#checking-authorization
 */
export const telegramWidgetSignature: Verifier = (request) => verifyMac(telegramWidgetScheme, request);

export const telegramWidgetScheme: MacScheme = {
  algorithm: "sha256",
  encoding: "hex",
  toleranceMs,
  keyOf: (token) => (token === "" ? null : createHash("sha256").update(token).digest()),
  read: ({ url }) => readFields(queryFields(url)),
};

function readFields(fields: readonly Field[] | null): MacReading | Rejection {
  if (fields === null) return rejected("malformed-header");
  if (!fields.some(([name]) => name === "hash")) return rejected("missing-header");
  const [given, date] = [onlyValue(fields, "hash"), onlyValue(fields, "auth_date")];
  const atMs = digitsMs(date ?? "", "seconds");
  // A name that comes twice would leave open which value counts.
  const isEach = new Set(fields.map(([name]) => name)).size === fields.length;
  if (given === null || atMs === null || !isEach) return rejected("malformed-header");
  const lines = fields.filter(([name]) => name !== "hash").map(([name, value]) => `${name}=${value}`);
  return { ok: true, given: [given], texts: [[lines.toSorted(byText).join("\n")]], atMs };
}
