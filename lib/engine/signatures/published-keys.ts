import * as z from "zod";
import type { PartnerRequest } from "../define-partner.ts";
import { parseJson } from "../parse-json.ts";

/** Where a partner publishes its keys: one call, to a host that the driver allows, and what its answer says. */
export interface PublishedKeys {
  /** The call that tells of a key by the partner's id for it; `app` is that of the partner's secret. */
  readonly request: (id: string, app: Readonly<Record<string, string>>) => PartnerRequest;
  /** The keys that an answer tells of; of a whole set, all: who is asked about one key has then told of the next one. */
  readonly read: (answer: KeyAnswer, id: string) => KeyReading;
}

export interface KeyAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export type KeyReading =
  /** By the partner's ids; without the one that was asked for, the partner has none of that id. */
  | { readonly kind: "keys"; readonly keys: ReadonlyMap<string, string> }
  /** Something else: whether there is such a key is unknown, and the webhook should come again. */
  | { readonly kind: "unreadable" };

const KeySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })).max(100) });

/** The keys of a JSON Web Key Set (RFC 7517). */
export function keysInSet({ status, body }: KeyAnswer): KeyReading {
  const set = KeySet.safeParse(status === 200 ? jsonIn(body) : null);
  if (!set.success) return { kind: "unreadable" };
  return { kind: "keys", keys: new Map(set.data.keys.map((key) => [key.kid, JSON.stringify(key)])) };
}

/** What a body says as JSON; undefined where it says nothing. */
export function jsonIn(body: Uint8Array): unknown {
  const parsed = parseJson(body);
  return parsed.kind === "json" ? parsed.body : undefined;
}
