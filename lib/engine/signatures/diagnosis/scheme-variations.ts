import type { MacScheme } from "../mac-scheme.ts";
import { schemeVariation } from "./variation.ts";
import type { Variation } from "./variation.ts";

const algorithmNames = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" } as const;
const algorithms = ["sha1", "sha256", "sha512"] as const;

/** How signatures are made or written otherwise than the scheme has it. */
export const schemeVariations: readonly Variation[] = [
  schemeVariation(
    "encoding-hex",
    "The signature is in hex, and this scheme writes base64: the sender encodes it otherwise.",
    (mac) => (mac.encoding === "base64" ? given({ ...mac, encoding: "hex" }, (text) => text.toLowerCase()) : null),
  ),
  schemeVariation(
    "encoding-base64",
    "The signature is in base64, and this scheme writes hex: the sender encodes it otherwise.",
    (mac) => (mac.encoding === "hex" ? given({ ...mac, encoding: "base64" }, plainBase64) : null),
  ),
  schemeVariation("encoding-base64url", "The signature is in base64url, and this scheme writes base64.", (mac) =>
    mac.encoding === "base64" ? given(mac, plainBase64) : null,
  ),
  schemeVariation("encoding-case", "The signature's hex is in upper case, and this scheme writes lower case.", (mac) =>
    mac.encoding === "hex" ? given(mac, (text) => text.toLowerCase()) : null,
  ),
  schemeVariation(
    "header-plus-as-space",
    "The header's + became spaces on its way here: some proxy decoded it.",
    (mac) => given(mac, (text) => text.replaceAll(" ", "+")),
  ),
  schemeVariation("header-escaped", "The header is percent-encoded: some proxy or client escaped it.", (mac) =>
    given(mac, (text) => text.replace(/%[2-7][0-9a-f]/gi, (escape) => decodeURIComponent(escape))),
  ),
  schemeVariation("header-whitespace", "The header has spaces or quotation marks around the signature.", (mac) =>
    given(mac, (text) => text.replace(/^[\s"']+|[\s"']+$/g, "")),
  ),
  ...algorithms.map((algorithm) =>
    schemeVariation(
      "wrong-algorithm",
      `The signature is made with ${algorithmNames[algorithm]}, which this scheme does not use.`,
      (mac) => (mac.algorithm === algorithm ? null : { ...mac, algorithm }),
    ),
  ),
  schemeVariation(
    "wrong-algorithm",
    "The signature is a plain digest of secret and text, and this scheme wants an HMAC.",
    (mac) => (mac.construction === "hash" ? null : { ...mac, construction: "hash" }),
  ),
  schemeVariation(
    "wrong-algorithm",
    "The signature is an HMAC, and this scheme wants a plain digest of secret and text.",
    (mac) => (mac.construction === "hash" ? { ...mac, construction: "hmac" } : null),
  ),
  schemeVariation("text-body-alone", "The body alone is signed, without what this scheme puts around it.", (mac) =>
    withText(mac, (request) => [request.rawBody]),
  ),
];

/** The same with the signatures of the request read otherwise; null never, as what changes nothing only costs a digest. */
function given(mac: MacScheme, change: (signature: string) => string): MacScheme {
  return {
    ...mac,
    read(request) {
      const reading = mac.read(request);
      return reading.ok ? { ...reading, given: reading.given.map(change) } : reading;
    },
  };
}

function withText(
  mac: MacScheme,
  textOf: (request: Parameters<MacScheme["read"]>[0]) => readonly Uint8Array[],
): MacScheme {
  return {
    ...mac,
    read(request) {
      const reading = mac.read(request);
      return reading.ok ? { ...reading, texts: [textOf(request)] } : reading;
    },
  };
}

/** With the alphabet and the padding that Node writes. */
function plainBase64(text: string): string {
  const body = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  return body.padEnd(Math.ceil(body.length / 4) * 4, "=");
}
