import * as z from "zod";
import { parseJson } from "../engine/parse-json.ts";
import type { Transport } from "../engine/ports.ts";
import type { KeySource } from "../engine/signatures/key-cache.ts";
import type { UserPool } from "../engine/user-token.ts";
import { EnvironmentError } from "./environment.ts";

const Published = z.object({ keys: z.array(z.looseObject({ kid: z.string() })).max(100) });
const Pool = z.strictObject({ issuer: z.url({ protocol: /^https$/ }), audience: z.string().min(1) });
const timeoutMs = 3_000;
const bytesMax = 64 * 1024;

/** Reads the keys that a user pool publishes. Throws where they cannot be had: whether there is such a key is then unknown. */
export function createUserPoolKeys(pool: UserPool, transport: Transport): KeySource {
  return async () => {
    const url = `${pool.issuer}/.well-known/jwks.json`;
    const answer = await transport.send({ method: "GET", url, headers: {}, body: null, timeoutMs, bytesMax });
    if (answer.kind === "lost") throw new Error(`the user pool's keys: ${answer.detail}`);
    const parsed = parseJson(answer.body);
    const published = Published.safeParse(parsed.kind === "json" ? parsed.body : null);
    if (answer.status !== 200 || !published.success) throw new Error(`the user pool's keys: status ${answer.status}`);
    return new Map(published.data.keys.map((key) => [key.kid, JSON.stringify(key)]));
  };
}

/** The pool that a function was deployed with; null where there is none. Throws `EnvironmentError` on anything else. */
export function userPoolIn(text: string | undefined): UserPool | null {
  if (text === undefined || text === "") return null;
  const parsed = parseJson(Buffer.from(text));
  const pool = Pool.safeParse(parsed.kind === "json" ? parsed.body : null);
  if (pool.success) return pool.data;
  throw new EnvironmentError([
    { key: "SLUICE_USERS", fault: "must be a JSON object of an https issuer and an audience" },
  ]);
}
