import * as z from "zod";
import type { PartnerRequest } from "../define-partner.ts";
import { parseJson } from "../parse-json.ts";

/** Where a partner publishes its keys: one call, to a host that the driver allows, and what its answer says. */
export interface PublishedKeys {
  /** The call that tells of a key by the partner's id for it; `app` is that of the partner's secret. */
  readonly request: (id: string, app: Readonly<Record<string, string>>) => PartnerRequest;
  readonly read: (answer: KeyAnswer, id: string) => KeyReading;
}

export interface KeyAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export type KeyReading =
  | { readonly kind: "key"; readonly text: string }
  /** The partner says that it has none of this id. */
  | { readonly kind: "none" }
  /** Neither: whether there is such a key is unknown, and the webhook should come again. */
  | { readonly kind: "unreadable" };

const KeySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })).max(100) });

/** A key of a JSON Web Key Set (RFC 7517). */
export function keyInSet({ status, body }: KeyAnswer, id: string): KeyReading {
  const set = KeySet.safeParse(status === 200 ? jsonIn(body) : null);
  if (!set.success) return { kind: "unreadable" };
  const key = set.data.keys.find(({ kid }) => kid === id);
  return key === undefined ? { kind: "none" } : { kind: "key", text: JSON.stringify(key) };
}

/** What a body says as JSON; undefined where it says nothing. */
export function jsonIn(body: Uint8Array): unknown {
  const parsed = parseJson(body);
  return parsed.kind === "json" ? parsed.body : undefined;
}
