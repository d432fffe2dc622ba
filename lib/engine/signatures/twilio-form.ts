import { readHeaders } from "./header.ts";
import { verifyMac } from "./mac-scheme.ts";
import type { MacScheme } from "./mac-scheme.ts";
import { byText, formFields } from "./query.ts";
import { twilioUrls } from "./twilio-urls.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Twilio with a form: HMAC-SHA1 over the URL and then each field's name and value, sorted by name, a repeated value once, in
 * base64; keyed with the account's primary auth token. The body's own encoding is not signed, only what it says.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export const twilioFormSignature: Verifier = (request) => verifyMac(twilioFormScheme, request);

export const twilioFormScheme: MacScheme = {
  algorithm: "sha1",
  encoding: "base64",
  toleranceMs: null,
  read(request) {
    const headers = readHeaders(request, ["x-twilio-signature"]);
    if (!headers.ok) return headers;
    const fields = signedFields(request.rawBody);
    if (fields === null) return rejected("mismatch");
    return { ok: true, given: headers.values, texts: twilioUrls(request.url).map((url) => [url, fields]), atMs: null };
  },
};

function signedFields(rawBody: Uint8Array): string | null {
  const fields = formFields(Buffer.from(rawBody).toString("utf8"));
  if (fields === null) return null;
  const values = Map.groupBy(fields, ([name]) => name);
  return [...values]
    .toSorted(([left], [right]) => byText(left, right))
    .flatMap(([name, same]) =>
      [...new Set(same.map(([, value]) => value))].toSorted(byText).map((value) => name + value),
    )
    .join("");
}
