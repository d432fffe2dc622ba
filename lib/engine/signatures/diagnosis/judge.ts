import type { KeyedVerdict } from "../verifier.ts";
import { verifierOf } from "./schemes.ts";
import type { SchemeEntry } from "./schemes.ts";
import { requestOf } from "./subject.ts";
import type { Subject } from "./subject.ts";

/** The verdict of the very verifier that a driver would use. */
export function judge(entry: SchemeEntry, subject: Subject): KeyedVerdict {
  return verifierOf(entry, subject)(requestOf(subject, subject.nowMs ?? claimedMs(entry, subject) ?? 0));
}

/** The time that the request says it was signed at; null where it says none. */
export function claimedMs(entry: SchemeEntry, subject: Subject): number | null {
  const paypalTime = subject.headers["paypal-transmission-time"];
  if (paypalTime !== undefined) return Number.isNaN(Date.parse(paypalTime)) ? null : Date.parse(paypalTime);
  if (entry.scheme.kind !== "mac") return null;
  const reading = entry.scheme.mac(subject).read(requestOf(subject, 0));
  return reading.ok ? reading.atMs : null;
}
