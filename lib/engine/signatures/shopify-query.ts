import { digitsMs } from "./header.ts";
import { onlyValue, queryFields } from "./query.ts";
import { rejected } from "./verifier.ts";
import type { Rejection } from "./verifier.ts";

/** What Shopify's own package allows, past and future. */
export const shopifyToleranceMs = 90_000;

interface SignedQuery {
  readonly ok: true;
  readonly given: string;
  readonly atMs: number;
  readonly fields: readonly (readonly [string, string])[];
}

/** A query that Shopify signed: its one signature under `name`, its one time, and all its fields. */
export function readSignedQuery(url: string, name: string): SignedQuery | Rejection {
  const fields = queryFields(url);
  if (fields === null) return rejected("malformed-header");
  if (!fields.some(([each]) => each === name)) return rejected("missing-header");
  const [given, timestamp] = [onlyValue(fields, name), onlyValue(fields, "timestamp")];
  const atMs = digitsMs(timestamp ?? "", "seconds");
  return given === null || atMs === null ? rejected("malformed-header") : { ok: true, given, atMs, fields };
}
