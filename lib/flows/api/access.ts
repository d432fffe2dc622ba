import { mayActAs } from "../../engine/api-key.ts";
import type { Role } from "../../engine/api-key.ts";
import { ApiProblem, notFound, problem } from "./problem.ts";
import type { ApiRequest } from "./request.ts";
import type { Route } from "./route.ts";

/** Who calls, and what they may. */
export interface Access {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly role: Role | "nothing";
  /** null: bound to no tenant. */
  readonly tenantId: string | null;
}

export type KeyVerdict =
  | { readonly kind: "known"; readonly access: Access }
  | { readonly kind: "refused"; readonly why: "wrong" | "expired" | "revoked" | "wrong-token" | "expired-token" };

/** Whose key or token was presented, in time that does not depend on where it differs from a right one. */
export type VerifyApiKey = (presented: string) => Promise<KeyVerdict>;

/** Whoever called a route that asks for no key. */
export const nobody: Access = { id: "-", name: "nobody", role: "nothing", tenantId: null };

/** Throws the 401 unless the request carries a key of the API, as `x-api-key` or as a bearer token. */
export async function requireApiKey(verifyApiKey: VerifyApiKey, request: ApiRequest): Promise<Access> {
  const presented = presentedKey(request.headers);
  if (presented === null) {
    throw refused("missing-api-key", "Send the API's key in the x-api-key header, or as a bearer token.");
  }
  const verdict = await verifyApiKey(presented);
  if (verdict.kind === "known") return verdict.access;
  switch (verdict.why) {
    case "wrong":
      throw refused("wrong-api-key", "That is not this API's key.");
    case "expired":
      throw refused("expired-api-key", "This key has expired; an admin makes another.");
    case "revoked":
      throw refused("revoked-api-key", "This key was revoked; an admin makes another.");
    case "wrong-token":
      throw refused("wrong-token", "That is no token of this API's user pool, or its user is in none of its groups.");
    case "expired-token":
      throw refused("expired-token", "This token has expired; sign in again.");
  }
}

/** Throws the 403 unless the caller's role and reach are enough for the route. */
export function requireRole(access: Access, route: Route): void {
  if (route.needs === "nothing") return;
  if (access.role === "nothing" || !mayActAs(access.role, route.needs)) {
    throw problem(403, "role-too-low", `This needs a key whose role is ${route.needs}; this one's is ${access.role}.`);
  }
  if (route.reach === "stage" && access.tenantId !== null) {
    throw problem(403, "tenant-bound-key", "This is of every tenant at once, and this key is bound to one of them.");
  }
}

/** Throws the 404 where a call names a tenant that is not the caller's: who may not see it learns not whether it is there. */
export function requireOwnTenant(access: Access, ...parts: readonly unknown[]): void {
  if (access.tenantId === null) return;
  for (const part of parts) {
    if (typeof part !== "object" || part === null || !("tenantId" in part)) continue;
    const { tenantId } = part;
    if (tenantId !== undefined && tenantId !== access.tenantId) throw notFound("such tenant");
  }
}

function presentedKey(headers: ApiRequest["headers"]): string | null {
  const header = headers["x-api-key"];
  if (header !== undefined && header !== "") return header;
  return /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? null;
}

function refused(code: string, message: string): ApiProblem {
  return new ApiProblem(401, [{ code, message }], { "www-authenticate": 'Bearer realm="sluice"' });
}
