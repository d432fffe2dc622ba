import { createHash } from "node:crypto";
import { anySameText, hmacText } from "./hmac.ts";
import type { HmacScheme } from "./hmac.ts";
import { rejected } from "./verifier.ts";
import type { Rejection, SignedRequest, Verdict } from "./verifier.ts";

/** A scheme with one shared secret, as data: what is signed, under which key, and where the signature stands. */
export interface MacScheme extends HmacScheme {
  /** `hash`: no HMAC but the plain digest of secret and text one after another, as HubSpot's old schemes have it. */
  readonly construction?: "hmac" | "hash";
  /** How far the signed time may be from ours, in milliseconds, past and future; null where no time is signed or none is prescribed. */
  readonly toleranceMs: number | null;
  /** The key in a secret; null when the text holds none. Absent: the whole text, in UTF-8. */
  readonly keyOf?: (secret: string) => string | Uint8Array | null;
  readonly read: (request: SignedRequest) => MacReading | Rejection;
}

/** What a request says about its signature. */
export interface MacReading {
  readonly ok: true;
  /** The signatures as they came; any may match. */
  readonly given: readonly string[];
  /** What may have been signed; one text, or several where the vendor's own packages try several. */
  readonly texts: readonly SignedText[];
  /** The signed time in milliseconds. */
  readonly atMs: number | null;
}

/** Parts one after another: the raw body is never joined to them. */
export type SignedText = readonly (string | Uint8Array)[];

/** Verifies one request; the age is asked last, so that "stale" is only ever said of what was signed with our secret. */
export function verifyMac(scheme: MacScheme, request: SignedRequest): Verdict {
  const keys = keysOf(scheme, request.secrets);
  if (keys.length === 0) return rejected("no-secret");
  const reading = scheme.read(request);
  if (!reading.ok) return reading;
  const expected = keys.flatMap((key) => reading.texts.map((text) => macText(scheme, key, text)));
  if (!anySameText(expected, reading.given)) return rejected("mismatch");
  if (scheme.toleranceMs === null) return { ok: true };
  // A time that is no number is out of any tolerance.
  const isFresh = reading.atMs !== null && Math.abs(request.nowMs - reading.atMs) <= scheme.toleranceMs;
  return isFresh ? { ok: true } : rejected("stale");
}

/** The usable keys: an empty one would let anybody sign. */
export function keysOf(scheme: MacScheme, secrets: readonly string[]): readonly (string | Uint8Array)[] {
  const { keyOf } = scheme;
  const keys = secrets.map((secret) => (keyOf === undefined ? secret : keyOf(secret)));
  return keys.filter((key): key is string | Uint8Array => key !== null && key.length > 0);
}

function macText(scheme: MacScheme, key: string | Uint8Array, text: SignedText): string {
  if (scheme.construction !== "hash") return hmacText(scheme, key, text);
  const digest = createHash(scheme.algorithm).update(key);
  for (const part of text) digest.update(part);
  return digest.digest(scheme.encoding);
}
