import { readJws } from "../jws.ts";
import type { KeyWanted, Rejection } from "../verifier.ts";
import { claimedMs } from "./judge.ts";
import { schemes } from "./schemes.ts";
import type { SchemeEntry } from "./schemes.ts";
import type { Subject } from "./subject.ts";
import type { Finding } from "./variation.ts";

/** What can be said of a rejection from the request alone. */
export function explainRejection(
  entry: SchemeEntry,
  subject: Subject,
  { reason }: Rejection | KeyWanted,
): readonly Finding[] {
  switch (reason) {
    case "missing-header":
      return missingHeader(entry, subject);
    case "malformed-header":
      return malformedHeader(entry, subject);
    case "stale":
      return stale(entry, subject);
    case "no-secret":
      return [{ cause: "secret-form", words: `There is no usable secret: ${entry.title} wants ${entry.secret}.` }];
    case "wrong-algorithm":
      return [{ cause: "wrong-algorithm", words: algorithmWords(entry, subject) }];
    case "unknown-key":
      return [{ cause: "key-missing", words: `The partner's public key is needed: ${entry.secret}.` }];
    case "untrusted-key":
      return [{ cause: "key-untrusted", words: keyWords(subject) }];
    case "wrong-claims":
      return [
        {
          cause: "token-claims",
          words:
            "The token is rightly signed, and for another audience, account or purpose, or lacks what it must say.",
        },
      ];
    case "mismatch":
      return [];
  }
}

function missingHeader(entry: SchemeEntry, { headers }: Subject): readonly Finding[] {
  const missing = entry.headers.filter((name) => (headers[name] ?? "") === "");
  const what = missing.length === 0 ? "its signature" : missing.join(", ");
  const findings: Finding[] = [
    { cause: "header-missing", words: `The request lacks ${what}: ${entry.title} sends it with every webhook.` },
  ];
  for (const [name, words] of Object.entries(entry.lookalikes ?? {})) {
    if (headers[name] !== undefined)
      findings.push({ cause: "header-lookalike", words: `It has ${name} instead, which is ${words}.` });
  }
  for (const other of schemes.values()) {
    const isAll = other.headers.length > 0 && other.headers.every((name) => (headers[name] ?? "") !== "");
    if (isAll && other.headers.join() !== entry.headers.join())
      findings.push({ cause: "other-scheme", words: `Its headers are those of another scheme: ${other.title}.` });
  }
  return findings;
}

function malformedHeader(entry: SchemeEntry, { headers }: Subject): readonly Finding[] {
  const value = headers[entry.headers[0] ?? ""] ?? "";
  const findings: Finding[] = [];
  if (entry.prefix !== undefined && !value.startsWith(entry.prefix))
    findings.push({ cause: "header-prefix", words: `The signature lacks "${entry.prefix}" before it.` });
  if (/^\s|\s$|^["']/.test(value))
    findings.push({ cause: "header-whitespace", words: "The header has spaces or quotation marks around its value." });
  const named = Object.keys(headers).find((name) => name.endsWith("timestamp"));
  const time = (named === undefined ? undefined : headers[named]) ?? /(?:^|,)t=([^,]*)/.exec(value)?.[1] ?? "";
  if (/^\d{13}$/.test(time))
    findings.push({ cause: "timestamp-unit", words: "The timestamp is in milliseconds, and this scheme has seconds." });
  else if (Number.isFinite(Date.parse(time)) && !/^\d+$/.test(time))
    findings.push({
      cause: "timestamp-unit",
      words: "The timestamp is a date, and this scheme has digits since 1970.",
    });
  return findings.length > 0
    ? findings
    : [{ cause: "header-form", words: `What should hold the signature is not of the form that ${entry.title} has.` }];
}

function stale(entry: SchemeEntry, subject: Subject): readonly Finding[] {
  const atMs = claimedMs(entry, subject) ?? tokenMs(subject);
  if (atMs === null || subject.nowMs === null)
    return [{ cause: "stale", words: "It is rightly signed, and not within the time that the scheme allows." }];
  const offSeconds = Math.round(Math.abs(subject.nowMs - atMs) / 1000);
  const tolerance = entry.scheme.kind === "mac" ? entry.scheme.mac(subject).toleranceMs : null;
  const allowed = tolerance === null ? "" : `; ${tolerance / 1000} s are allowed`;
  if (atMs > subject.nowMs)
    return [
      {
        cause: "future",
        words: `It is rightly signed, ${offSeconds} s in the future${allowed}: the clock here is behind, or the sender's ahead.`,
      },
    ];
  return [
    {
      cause: "stale",
      words: `It is rightly signed, ${offSeconds} s ago${allowed}: a replay, a delivery that waited in between, or a clock that is ahead. Give the time of its receipt to judge a kept one.`,
    },
  ];
}

/** When a token says that it was made, in milliseconds. */
function tokenMs({ headers }: Subject): number | null {
  const claims = tokenIn(headers)?.claims;
  const iat = typeof claims === "object" && claims !== null && "iat" in claims ? claims.iat : null;
  return typeof iat === "number" ? iat * 1000 : null;
}

function tokenIn(headers: Subject["headers"]): ReturnType<typeof readJws> {
  return readJws(
    headers["plaid-verification"] ?? headers["x-jws"] ?? (headers["authorization"] ?? "").slice("Bearer ".length),
  );
}

function algorithmWords(entry: SchemeEntry, { headers }: Subject): string {
  const version = headers["x-hubspot-signature-version"];
  if (entry.headers.includes("x-hubspot-signature"))
    return `The header says ${/^v\d$/.test(version ?? "") ? version : "another"} version of HubSpot's signatures: verify with that one's scheme.`;
  const algorithm = tokenIn(headers)?.algorithm ?? headers["paypal-auth-algo"] ?? "";
  const named = /^[A-Za-z0-9-]{1,20}$/.test(algorithm) ? ` (${algorithm})` : "";
  return `The request names an algorithm${named} that ${entry.title} does not use: such requests are forged, or of another sender.`;
}

function keyWords(subject: Subject): string {
  const url = subject.headers["paypal-cert-url"];
  if (url !== undefined && !/^https:\/\/api(?:\.sandbox)?\.paypal\.com\//.test(url))
    return "PAYPAL-CERT-URL is not on PayPal's API host: the certificate could be anybody's, and is not fetched.";
  if (url !== undefined)
    return "The certificate is of another name than PayPal's, not valid at this time, or leads to no trusted root.";
  return "The key has another id than the token names, or had expired at this time.";
}
