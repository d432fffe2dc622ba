import * as z from "zod";
import { roles } from "./api-key.ts";
import type { Role } from "./api-key.ts";
import { es256Holds, readJwk, rs256Holds } from "./signatures/jwk.ts";
import { readJws } from "./signatures/jws.ts";

/** A Cognito user pool whose users may call the API, and the one app client that they come through. */
export interface UserPool {
  /** `https://cognito-idp.<region>.amazonaws.com/<pool id>` */
  readonly issuer: string;
  /** The app client's id. */
  readonly audience: string;
}

export type TokenVerdict =
  | {
      readonly kind: "user";
      readonly subject: string;
      readonly role: Role | "nothing";
      readonly tenantId: string | null;
    }
  /** Everything that needs no key is right: ask again once there is this one. */
  | { readonly kind: "unknown-key"; readonly wanted: string }
  | { readonly kind: "refused"; readonly why: "wrong" | "expired" };

/** What clocks may differ by. */
const skewMs = 60_000;
const everyTenant = "sluice-every-tenant";
const tenantPrefix = "sluice-tenant:";

/** Identity tokens say whom they are for in `aud`, access tokens in `client_id`. */
const Claims = z.looseObject({
  iss: z.string(),
  sub: z.string().min(1).max(200),
  aud: z.string().optional(),
  client_id: z.string().optional(),
  token_use: z.enum(["id", "access"]),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  "cognito:groups": z.array(z.string()).default([]),
});
type Claims = z.infer<typeof Claims>;

const signatureHolds = new Map([
  ["RS256", rs256Holds],
  ["ES256", es256Holds],
]);
const wrong = { kind: "refused", why: "wrong" } as const;

/**
 * Judges a user's token: its algorithm before anything is done by it, then whom it is from and for, then its signature,
 * then its time. Role and tenant come from the user's groups, which users cannot change themselves, as they can attributes.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
 *
 * @param findKey the pool's published key of an id, as its JSON text; null where it is not known
 * @example judgeUserToken(token, pool, clock.nowMs(), (id) => keys.find(id))
 */
export function judgeUserToken(
  token: string,
  pool: UserPool,
  nowMs: number,
  findKey: (id: string) => string | null,
): TokenVerdict {
  const jws = readJws(token);
  const holds = signatureHolds.get(jws?.algorithm ?? "");
  // Cognito's ids of keys are base64.
  if (jws === null || holds === undefined || jws.keyId === null || !/^[A-Za-z0-9+/=_-]{1,128}$/.test(jws.keyId))
    return wrong;
  const parsed = Claims.safeParse(jws.claims);
  if (!parsed.success || !isFor(pool, parsed.data)) return wrong;
  const key = findKey(jws.keyId);
  if (key === null) return { kind: "unknown-key", wanted: jws.keyId };
  if (!holds(jws, readJwk(key))) return wrong;
  const claims = parsed.data;
  if (nowMs >= claims.exp * 1_000 + skewMs) return { kind: "refused", why: "expired" };
  if (nowMs < Math.max(claims.iat, claims.nbf ?? 0) * 1_000 - skewMs) return wrong;
  return userOf(claims);
}

function isFor(pool: UserPool, claims: Claims): boolean {
  const audience = claims.token_use === "id" ? claims.aud : claims.client_id;
  return claims.iss === pool.issuer && audience === pool.audience;
}

/** Whoever is in no tenant's group and not in the one of all of them is nobody's user: nothing is everybody's by omission. */
function userOf(claims: Claims): TokenVerdict {
  const groups = claims["cognito:groups"];
  const tenants = groups.filter((group) => group.startsWith(tenantPrefix) && group.length > tenantPrefix.length);
  const [tenant] = tenants;
  if (groups.includes(everyTenant) ? tenants.length > 0 : tenants.length !== 1) return wrong;
  const role = roles.findLast((each) => groups.includes(`sluice-${each}`)) ?? "nothing";
  return { kind: "user", subject: claims.sub, role, tenantId: tenant?.slice(tenantPrefix.length) ?? null };
}
