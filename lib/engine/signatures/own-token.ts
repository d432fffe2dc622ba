import { createHmac } from "node:crypto";
import * as z from "zod";
import { hmacText, sameText } from "./hmac.ts";
import { readHeaders } from "./header.ts";
import { jwsCharsMax, readJws } from "./jws.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

const Claims = z.looseObject({ aud: z.string(), sub: z.string(), iat: z.number(), exp: z.number() });
/** Functions' clocks differ by little; a token is ours at both ends. */
const skewMs = 5_000;

/** A client of ours as the partner was given it: `<client id>:<client secret>` in one secret. */
export interface Client {
  readonly id: string;
  readonly secret: string;
}

/**
 * Inverted OAuth: the partner fetches a token from us (`answerTokenRequest`) and sends it with its webhooks as
 * `Authorization: Bearer …`. The token is signed under a key made of the client's secret, so a secret that is taken away
 * takes its tokens with it, and nothing is stored. The body is not signed: fetch back what it speaks of.
 *
 * @param audience the partner's name: a token for one partner is none for another.
 */
export function ownToken(audience: string): Verifier {
  return (request) => {
    const clients = request.secrets.map(readClient).filter((client) => client !== null);
    if (clients.length === 0) return rejected("no-secret");
    const headers = readHeaders(request, ["authorization"], jwsCharsMax);
    if (!headers.ok) return headers;
    const jws = readJws(/^bearer +(\S+)$/i.exec(headers.values[0])?.[1] ?? "");
    if (jws === null) return rejected("malformed-header");
    if (jws.algorithm !== "HS256") return rejected("wrong-algorithm");
    const given = Buffer.from(jws.signature).toString("hex");
    const signer = clients.find((client) => sameText(signed(client, jws.signingInput, "hex"), given));
    if (signer === undefined) return rejected("mismatch");
    const claims = Claims.safeParse(jws.claims);
    if (!claims.success || claims.data.aud !== audience || claims.data.sub !== signer.id)
      return rejected("wrong-claims");
    const { iat, exp } = claims.data;
    const isCurrent = iat * 1000 - skewMs <= request.nowMs && request.nowMs < exp * 1000;
    return isCurrent ? { ok: true } : rejected("stale");
  };
}

/** A token for a client that has proved itself; its life is in seconds, as OAuth counts. */
export function makeOwnToken(client: Client, audience: string, nowMs: number, lifeSeconds: number): string {
  const iat = Math.floor(nowMs / 1000);
  const header = encoded({ alg: "HS256", typ: "JWT" });
  const input = `${header}.${encoded({ aud: audience, sub: client.id, iat, exp: iat + lifeSeconds })}`;
  return `${input}.${signed(client, input, "base64url")}`;
}

/** The client in a secret; null when it holds none, or one whose secret could be guessed. */
export function readClient(secret: string): Client | null {
  const [, id, rest] = /^([^:]{1,200}):(.{16,})$/s.exec(secret) ?? [];
  return id === undefined || rest === undefined ? null : { id, secret: rest };
}

/** Under a key for this use alone, made of the secret: what it signs serves nowhere else. */
function signed(client: Client, input: string, encoding: "hex" | "base64url"): string {
  const key = createHmac("sha256", client.secret).update(`own-token:${client.id}`).digest();
  const hex = hmacText({ algorithm: "sha256", encoding: "hex" }, key, [input]);
  return encoding === "hex" ? hex : Buffer.from(hex, "hex").toString("base64url");
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
