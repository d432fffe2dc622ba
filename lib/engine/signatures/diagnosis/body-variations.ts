import { bodyVariation } from "./variation.ts";
import type { Variation } from "./variation.ts";

const reserialised =
  "the body was parsed and written again on its way here: hand the verifier the raw bytes, before any JSON middleware";

/** How bodies change between the partner and the verifier; the simplest first, as the first that explains is the one named. */
export const bodyVariations: readonly Variation[] = [
  bodyVariation("body-trailing-newline", "The body lost the newline at its end: keep the raw bytes whole.", (body) =>
    Buffer.concat([body, Buffer.from("\n")]),
  ),
  bodyVariation(
    "body-trailing-newline",
    "The body gained a newline or spaces at its end: keep the raw bytes as they came.",
    (body) =>
      latin1(body).replace(/\s+$/, "") === latin1(body)
        ? null
        : Buffer.from(latin1(body).replace(/\s+$/, ""), "latin1"),
  ),
  bodyVariation("body-line-ends", "The body's line ends became LF and were CRLF when it was signed.", (body) =>
    Buffer.from(latin1(body).replace(/\r?\n/g, "\r\n"), "latin1"),
  ),
  bodyVariation("body-line-ends", "The body's line ends became CRLF and were LF when it was signed.", (body) =>
    Buffer.from(latin1(body).replaceAll("\r\n", "\n"), "latin1"),
  ),
  bodyVariation("body-byte-order-mark", "The body lost the byte order mark at its start.", (body) =>
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
  ),
  bodyVariation("body-byte-order-mark", "The body gained a byte order mark at its start.", (body) =>
    Buffer.from(body.subarray(0, 3)).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? body.slice(3) : null,
  ),
  ...jsonForms().map(([form, write]) =>
    bodyVariation("body-reserialised", `What was signed is ${form}: ${reserialised}.`, (body) => {
      const value = jsonIn(body);
      return value === undefined ? null : write(value);
    }),
  ),
  bodyVariation("body-charset", "The body was read as Latin-1 and written as UTF-8: keep the raw bytes.", (body) => {
    const text = utf8(body);
    // Characters beyond Latin-1 were never read from it.
    return text === null || /[^\0-\xff]/.test(text) ? null : Buffer.from(text, "latin1");
  }),
  bodyVariation("body-charset", "The body was read as UTF-8 and written as Latin-1: keep the raw bytes.", (body) =>
    latin1(body),
  ),
  bodyVariation(
    "body-base64",
    "The body is still in base64, as API gateways hand over binary ones: decode it first.",
    (body) => (/^[A-Za-z0-9+/\r\n]+={0,2}\s*$/.test(latin1(body)) ? Buffer.from(latin1(body), "base64") : null),
  ),
  bodyVariation(
    "body-form",
    "What was signed is the form, payload=…, and not the JSON in it: keep the form's raw bytes.",
    (body) => {
      const text = utf8(body);
      return text === null ? null : new URLSearchParams([["payload", text]]).toString();
    },
  ),
  bodyVariation("body-form", "The form was decoded on its way here: keep its raw bytes.", (body) => {
    const text = utf8(body);
    return text === null || !text.includes("=") ? null : new URLSearchParams(text).toString();
  }),
  bodyVariation("body-quoted", "The body was written as JSON twice: it is a string with JSON in it.", (body) => {
    const value = jsonIn(body);
    return typeof value === "string" ? value : null;
  }),
  bodyVariation(
    "body-missing",
    "The signature is that of an empty body: what came was not what was signed, or was not signed.",
    () => new Uint8Array(),
  ),
];

function jsonForms(): readonly (readonly [form: string, write: (value: unknown) => string])[] {
  return [
    ["compact JSON", (value) => JSON.stringify(value)],
    ["JSON indented by two spaces", (value) => JSON.stringify(value, null, 2)],
    ["JSON indented by two spaces, with a newline at its end", (value) => `${JSON.stringify(value, null, 2)}\n`],
    ["JSON indented by four spaces", (value) => JSON.stringify(value, null, 4)],
    ["JSON indented by tabs", (value) => JSON.stringify(value, null, "\t")],
    ["JSON with a space after colons and commas, as Python writes it", (value) => spaced(value, false)],
    ["JSON as Python writes it, all in ASCII", (value) => escaped(spaced(value, false))],
    ["JSON with a space after colons alone", (value) => spaced(value, true)],
    ["compact JSON with its keys sorted", (value) => JSON.stringify(sorted(value))],
    ["JSON with its keys sorted, as Python writes it", (value) => spaced(sorted(value), false)],
    ["compact JSON, all in ASCII", (value) => escaped(JSON.stringify(value))],
    [
      "compact JSON with slashes escaped, as PHP writes it",
      (value) => escaped(JSON.stringify(value)).replaceAll("/", "\\/"),
    ],
    ["compact JSON with slashes escaped", (value) => JSON.stringify(value).replaceAll("/", "\\/")],
    [
      "compact JSON with <, > and & escaped, as Go writes it",
      (value) => JSON.stringify(value).replace(/[<>&]/g, unicode),
    ],
  ];
}

function spaced(value: unknown, colonsAlone: boolean): string {
  const comma = colonsAlone ? "," : ", ";
  if (Array.isArray(value)) return `[${value.map((member) => spaced(member, colonsAlone)).join(comma)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${spaced(member, colonsAlone)}`,
  );
  return `{${members.join(comma)}}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

function escaped(json: string): string {
  return json.replace(/[^\0-\x7f]/g, unicode);
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function latin1(body: Uint8Array): string {
  return Buffer.from(body).toString("latin1");
}

function utf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}
