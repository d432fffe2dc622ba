import { verifyMac } from "../mac-scheme.ts";
import type { KeyedVerdict } from "../verifier.ts";
import { bodyVariations } from "./body-variations.ts";
import { explainRejection } from "./explain-rejection.ts";
import { claimedMs, judge } from "./judge.ts";
import { schemeVariations } from "./scheme-variations.ts";
import type { SchemeEntry } from "./schemes.ts";
import { verifierOf } from "./schemes.ts";
import { secretVariations } from "./secret-variations.ts";
import { requestOf } from "./subject.ts";
import type { Subject } from "./subject.ts";
import { urlVariations } from "./url-variations.ts";
import type { Finding, Trial, Variation } from "./variation.ts";

export interface Diagnosis {
  readonly verdict: KeyedVerdict;
  /** What together makes the signature hold, or what is wrong with the request as such. */
  readonly findings: readonly Finding[];
}

/** Beyond this only single differences are tried: a pair of them is a thousand digests of the body. */
const pairsBodyBytesMax = 64 * 1024;
const bodyBytesMax = 4 * 1024 * 1024;

/**
 * Why a request does not verify. What is wrong is not guessed: a difference is named when the signature holds with it, alone or
 * together with another one. Slow, and for people: the function that takes webhooks has none of it.
 *
 * @example
 * const { verdict, findings } = diagnose(entry, subject);
 */
export function diagnose(entry: SchemeEntry, subject: Subject): Diagnosis {
  const verdict = judge(entry, subject);
  if (verdict.ok) return { verdict, findings: [] };
  const explained = explainRejection(entry, subject, verdict);
  if (verdict.reason !== "mismatch" && verdict.reason !== "no-secret") return { verdict, findings: explained };
  const found = subject.rawBody.byteLength > bodyBytesMax ? null : searchDifferences(entry, subject);
  return { verdict, findings: found ?? [...explained, ...nothingFound] };
}

const nothingFound: readonly Finding[] = [
  {
    cause: "unexplained",
    words:
      "No common difference explains it. Most often the secret is another endpoint's or another environment's, or the body is not the one that was signed.",
  },
];

/** The fewest differences with which the signature holds; null when none do. */
function searchDifferences(entry: SchemeEntry, subject: Subject): readonly Finding[] | null {
  const axes = [secretVariations, bodyVariations, urlVariations, schemeVariations];
  const trial: Trial = {
    mac: entry.scheme.kind === "mac" ? entry.scheme.mac(subject) : null,
    request: requestOf(subject, subject.nowMs ?? claimedMs(entry, subject) ?? 0),
  };
  const holds = (changed: Trial) => signatureHolds(entry, subject, changed);
  for (const variation of axes.flat()) {
    const changed = variation.apply(trial);
    if (changed !== null && holds(changed)) return [findingOf(variation)];
  }
  if (subject.rawBody.byteLength > pairsBodyBytesMax) return null;
  for (const [index, axis] of axes.entries()) {
    for (const first of axis) {
      const once = first.apply(trial);
      if (once === null) continue;
      for (const second of axes.slice(index + 1).flat()) {
        const twice = second.apply(once);
        if (twice !== null && holds(twice)) return [findingOf(first), findingOf(second)];
      }
    }
  }
  return null;
}

/** Its age apart: a stale signature is a right one. */
function signatureHolds(entry: SchemeEntry, subject: Subject, { mac, request }: Trial): boolean {
  const verdict =
    mac === null ? verifierOf(entry, subject)(request) : verifyMac({ ...mac, toleranceMs: null }, request);
  return verdict.ok || verdict.reason === "stale";
}

function findingOf({ cause, words }: Variation): Finding {
  return { cause, words };
}
