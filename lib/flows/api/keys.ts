import * as z from "zod";
import { expiresSoon, makeApiKey, roles, standingOf } from "../../engine/api-key.ts";
import type { ApiKey } from "../../engine/api-key.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { actorOf } from "./actor.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

const dayMs = 86_400_000;

const NewKey = z.strictObject({
  name: z.string().trim().min(1).max(80),
  role: z.enum(roles),
  tenantId: z.string().min(1).max(200).nullable().default(null),
  expiresInDays: z.int().min(1).max(730).default(90),
});

/** The API's own keys. */
export const keyRoutes = [
  route({
    method: "POST",
    path: "/keys",
    needs: "admin",
    reach: "stage",
    idempotency: "refused",
    query: z.strictObject({}),
    body: NewKey,
    handle: async (ports, { body, request }) => {
      const nowMs = ports.clock.nowMs();
      const actor = actorOf(request);
      const { key, id, digest } = makeApiKey(ports.random);
      const made: ApiKey = {
        id,
        name: body.name,
        role: body.role,
        tenantId: body.tenantId,
        digest,
        createdBy: actor.name,
        createdAtMs: nowMs,
        expiresAtMs: nowMs + body.expiresInDays * dayMs,
        revokedAtMs: null,
        lastUsedAtMs: null,
      };
      // A tenant may have to be forgotten, and an audit log forgets nothing.
      const tenant = body.tenantId === null ? "every" : fingerprintOf([body.tenantId]);
      await appendAudit(ports, actor, "key.create", id, { role: body.role, tenant });
      if ((await ports.keys.create(made)) === "exists") throw new Error(`There is a key ${id} already; ask again.`);
      return { status: 201, data: { ...keyView(made, nowMs), key } };
    },
  }),
  route({
    method: "GET",
    path: "/keys",
    needs: "admin",
    reach: "stage",
    query: z.strictObject(pageFields),
    handle: async (ports, { query }) => {
      const nowMs = ports.clock.nowMs();
      const page = await ports.keys.list(pageRequestOf(query));
      return { status: 200, data: pageOf(page, (key) => keyView(key, nowMs)) };
    },
  }),
  route({
    method: "DELETE",
    path: "/keys/{keyId}",
    needs: "admin",
    reach: "stage",
    query: z.strictObject({}),
    handle: async (ports, { params, request }) => {
      const nowMs = ports.clock.nowMs();
      await appendAudit(ports, actorOf(request), "key.revoke", params.keyId.slice(0, 200), {});
      const revoked = await ports.keys.revoke(params.keyId, nowMs);
      if (revoked === null) throw notFound("such key");
      return { status: 200, data: keyView(revoked, nowMs) };
    },
  }),
];

function keyView(key: ApiKey, nowMs: number): Readonly<Record<string, unknown>> {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    tenantId: key.tenantId,
    status: standingOf(key, nowMs),
    warning: expiresSoon(key, nowMs) ? "expires-soon" : null,
    createdBy: key.createdBy,
    createdAt: isoTime(key.createdAtMs),
    expiresAt: isoTime(key.expiresAtMs),
    revokedAt: isoTime(key.revokedAtMs),
    lastUsedAt: isoTime(key.lastUsedAtMs),
  };
}
