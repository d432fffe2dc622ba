import * as z from "zod";
import { partnerOfConnectionId } from "../../engine/connection-id.ts";
import type { Erasure } from "../../engine/erasure.ts";
import type { Connection } from "../../engine/ports.ts";
import type { RecordScope } from "../../engine/record.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { armResources } from "../connections/arm-resources.ts";
import { eraseConnection, erasureFor } from "../erase/erase-connection.ts";
import { eraseKept } from "../erase/erase-kept.ts";
import { eraseTenant } from "../erase/erase-tenant.ts";
import { findPerson } from "../erase/find-person.ts";
import { forgetCompared } from "../erase/forget-compared.ts";
import { forgetKeys } from "../erase/forget-keys.ts";
import { resourcesOf } from "../erase/resources-of.ts";
import { wishRevoked } from "../oauth/revoke-credential.ts";
import { actorOf } from "./actor.ts";
import { contended } from "./apply-change.ts";
import { notFound } from "./problem.ts";
import { isReadable } from "./records.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** Of the 29 seconds that an API call has. */
const stepMsMax = 15_000;
const idsMax = 100;
const valuesMax = 500;
const Id = z.string().min(1).max(1_024);
const Cursor = z.string().min(1).max(5_000).optional();
const query = z.strictObject({});

/** Forgets a tenant, a connection, a person. Each call does as much as it has time for: ask again until `done`. */
export const eraseRoutes = [
  route({
    method: "POST",
    path: "/tenants/{tenantId}/erase",
    needs: "admin",
    reach: "tenant",
    query,
    handle: async (ports, { params, request }) => {
      // Whose it was is what must not be kept: who knows the tenant's id finds the entry by it, and nobody else does.
      await appendAudit(ports, actorOf(request), "tenant.erase", fingerprintOf([params.tenantId]), {});
      const step = await eraseTenant(ports, params.tenantId, ports.clock.nowMs() + stepMsMax);
      const { done, removed, erased, unfinished, againAtMs } = step;
      // Last, as the caller's own may be among them.
      const keys = done ? await forgetKeys(ports.keys, params.tenantId) : 0;
      const data = { done, removed: { ...removed, keys }, erased, unfinished, againAt: isoTime(againAtMs) };
      return { status: done ? 200 : 202, data };
    },
  }),
  route({
    method: "POST",
    path: "/tenants/{tenantId}/find-person",
    needs: "admin",
    reach: "tenant",
    query,
    body: z.strictObject({ value: z.string().trim().min(3).max(320), cursor: Cursor }),
    handle: async (ports, { params, body, request }) => {
      await appendAudit(ports, actorOf(request), "person.find", fingerprintOf([params.tenantId]), {});
      const untilMs = ports.clock.nowMs() + stepMsMax;
      const search = await findPerson(ports, params.tenantId, body.value, body.cursor ?? null, untilMs);
      return { status: 200, data: search };
    },
  }),
  route({
    method: "POST",
    path: "/connections/{id}/erase",
    needs: "admin",
    reach: "tenant",
    query,
    handle: async (ports, { params, request }) => {
      const erasure = await erasureOf(ports, params.id);
      const { connectionId } = erasure;
      if (erasure.stage === "erased")
        return { status: 200, data: { connectionId, done: true, removed: {}, why: null } };
      await appendAudit(ports, actorOf(request), "connection.erase", connectionId, {});
      const step = await eraseConnection(ports, erasure, ports.clock.nowMs() + stepMsMax);
      if (step.kind === "contended") throw contended();
      const { removed } = step;
      if (step.kind === "done") return { status: 200, data: { connectionId, done: true, removed, why: null } };
      const data = { connectionId, done: false, removed, why: step.why, againAt: isoTime(step.againAtMs) };
      return { status: 202, data };
    },
  }),
  route({
    method: "GET",
    path: "/connections/{id}/remains",
    needs: "admin",
    reach: "tenant",
    query: z.strictObject({ cursor: Cursor }),
    handle: async (ports, { params, query: { cursor } }) => {
      const marked = await markOf(ports, params.id);
      const of = marked ?? (await unmarked(ports, params.id));
      const counted = await ports.eraser.count(of, cursor ?? null);
      return { status: 200, data: { stage: marked?.stage ?? "there", ...counted } };
    },
  }),
  route({
    method: "POST",
    path: "/connections/{id}/erase-records/{resource}",
    needs: "admin",
    reach: "tenant",
    query,
    body: z.strictObject({ externalIds: z.array(Id).min(1).max(idsMax) }),
    handle: async (ports, { params, body, request }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      const { connectionId, resource } = scope;
      const externalIds = [...new Set(body.externalIds)].filter(isReadable);
      // How many, and not which: an id may be all that is known of a person.
      const detail = { resource, count: String(externalIds.length) };
      await appendAudit(ports, actorOf(request), "records.erase", connectionId, detail);
      const removed = await ports.eraser.clearRecords(scope, externalIds);
      await forgetCompared(ports, scope, externalIds);
      return { status: 200, data: { connectionId, resource, removed } };
    },
  }),
  route({
    method: "POST",
    path: "/connections/{id}/erase-kept",
    needs: "admin",
    reach: "tenant",
    query,
    body: z.strictObject({
      values: z.array(z.string().trim().min(5).max(500)).min(1).max(valuesMax),
      dryRun: z.boolean().default(false),
      cursor: Cursor,
    }),
    handle: async (ports, { params, body, request }) => {
      const connection = await connectionOf(ports, params.id);
      const { connectionId } = connection;
      const { values, dryRun, cursor } = body;
      const detail = { values: String(values.length), dryRun: String(dryRun) };
      await appendAudit(ports, actorOf(request), "kept.erase", connectionId, detail);
      const untilMs = ports.clock.nowMs() + stepMsMax;
      const search = await eraseKept(ports, connection, { values, dryRun }, cursor ?? null, untilMs);
      if (!dryRun && search.found.some(({ kind }) => kind !== "failure")) await importSoon(ports, connection);
      return { status: 200, data: { connectionId, ...search } };
    },
  }),
];

/** What is to be erased: a connection that is there is marked first, one that is gone has its mark; neither is a 404. */
async function erasureOf(ports: ApiPorts, id: string): Promise<Erasure> {
  const marked = await markOf(ports, id);
  if (marked !== null) return marked;
  const connection = await connectionOf(ports, id);
  const driver = ports.partners.find(connection.partner);
  // Nothing waits for it: what is left of the connection is read by its worker until it is cleared.
  if (driver !== null) await wishRevoked(ports, driver, connection);
  const erasure = await erasureFor(ports, driver, connection, "erasing");
  if ((await ports.eraser.mark(erasure)) === "superseded") throw contended();
  return erasure;
}

async function markOf(ports: ApiPorts, id: string): Promise<Erasure | null> {
  const partner = partnerOfConnectionId(id);
  return partner === null ? null : ports.eraser.read(partner, id);
}

async function unmarked(ports: ApiPorts, id: string): Promise<Erasure> {
  const connection = await connectionOf(ports, id);
  return erasureFor(ports, ports.partners.find(connection.partner), connection, "erasing");
}

/** Also of a partner that was taken out of the configuration: what it left here has to be forgotten all the same. */
async function connectionOf(ports: ApiPorts, id: string): Promise<Connection> {
  const partner = partnerOfConnectionId(id);
  const connection = partner === null ? null : await ports.connections.read(partner, id);
  if (connection === null) throw notFound("such connection");
  return connection;
}

/**
 * A webhook that waits, or its body, may speak of others beside the one who is erased, and goes whole: what it told of them is
 * asked of the partner. A connection that is not active is imported when it becomes active; should this be cut off, the next
 * import that is due brings it.
 */
async function importSoon(ports: ApiPorts, connection: Connection): Promise<void> {
  const driver = ports.partners.find(connection.partner);
  if (driver !== null && connection.status === "active")
    await armResources(ports, driver, connection, ports.clock.nowMs());
}

/** Also of a resource that the driver has lost. */
async function scopeOf(ports: ApiPorts, id: string, resource: string): Promise<RecordScope> {
  const { partner, connectionId } = await connectionOf(ports, id);
  const known = await resourcesOf(ports, ports.partners.find(partner), { partner, connectionId });
  if (!known.includes(resource)) throw notFound("such resource of this connection");
  return { partner, connectionId, resource };
}
