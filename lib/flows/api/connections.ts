import * as z from "zod";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import { createConnection } from "../connections/create-connection.ts";
import { removeConnection } from "../connections/remove-connection.ts";
import { subscriptionJob } from "../subscriptions/subscription-job.ts";
import { actorOf } from "./actor.ts";
import { applyChange, contended, partnerNotReady } from "./apply-change.ts";
import { requireNoAccount, requireOwnCredential, stageSettingsIn } from "./beyond-tenant.ts";
import { connectionDetail, connectionView } from "./connection-view.ts";
import { credentialOf } from "./credential-of.ts";
import type { Reply } from "./envelope.ts";
import { driverOf, findConnection } from "./find-connection.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { problem } from "./problem.ts";
import type { AuthorisedRequest } from "./request.ts";
import { route } from "./route.ts";

const Name = z.string().trim().min(1).max(200);
const Account = z.string().min(1).max(200);
const TenantId = z.string().min(1).max(200);
const WebhookSecret = z.string().min(1).max(500);
/** When a credential ends, as a time in UTC. */
const EndsAt = z.iso.datetime().transform((text) => Date.parse(text));
const Settings = z
  .record(z.string().min(1).max(100), z.string().max(1_000))
  .refine((settings) => Object.keys(settings).length <= 50, "Must have at most 50 entries.");
const NewConnection = z.strictObject({
  partner: z.string().min(1).max(40),
  tenantId: TenantId,
  name: Name,
  /** The driver's own schema judges it. */
  credential: z.unknown(),
  account: Account.nullable().default(null),
  settings: Settings.default({}),
  webhookSecret: WebhookSecret.nullable().default(null),
  credentialExpiresAt: EndsAt.nullable().default(null),
});

const ConnectionChange = z.strictObject({
  name: Name.optional(),
  settings: Settings.optional(),
  status: z.enum(["active", "paused"]).optional(),
  credential: z.unknown().optional(),
  webhookSecret: WebhookSecret.nullable().optional(),
  credentialExpiresAt: EndsAt.nullable().optional(),
});

export const connectionRoutes = [
  route({
    method: "POST",
    path: "/connections",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: NewConnection,
    handle: async (ports, { body, request, idempotencyKey }) => {
      const driver = ports.partners.find(body.partner);
      if (driver === null) throw problem(404, "not-found", "There is no such partner.", "partner");
      requireNoAccount(request.access, body.account);
      stageSettingsIn(request.access, driver, body.settings);
      const credential = credentialOf(driver, body.credential);
      const seed = seedOf(request, idempotencyKey);
      const result = await createConnection(
        ports,
        { ...body, driver, credential, credentialExpiresAtMs: body.credentialExpiresAt, seed },
        actorOf(request),
      );
      switch (result.kind) {
        case "created":
          return { status: 201, data: await connectionDetail(ports, result.connection) };
        case "account-taken": {
          const message = `That account is connected already, as ${result.connectionId}; change that connection or delete it.`;
          throw problem(409, "account-taken", message, "account");
        }
        case "seed-reused":
          throw problem(422, "idempotency-key-reused", "This Idempotency-Key made another connection; use a new one.");
        case "partner-not-ready":
          throw partnerNotReady(driver.name);
      }
    },
  }),
  route({
    method: "GET",
    path: "/connections",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({ ...pageFields, tenantId: TenantId.optional() }),
    handle: async (ports, { query }) => {
      const page = await ports.connections.list(query.tenantId ?? null, pageRequestOf(query));
      return { status: 200, data: pageOf(page, (connection) => connectionView(ports, connection)) };
    },
  }),
  route({
    method: "GET",
    path: "/connections/{id}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      return { status: 200, data: await connectionDetail(ports, await findConnection(ports, params.id)) };
    },
  }),
  route({
    method: "PATCH",
    path: "/connections/{id}",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: ConnectionChange,
    handle: async (ports, { params, body, request }) => {
      const connection = await findConnection(ports, params.id);
      if (Object.keys(body).length === 0) throw problem(400, "nothing-to-change", "The body names no field to change.");
      const driver = driverOf(ports, connection);
      const { access } = request;
      if (body.credential !== undefined) requireOwnCredential(access, driver, connection);
      const stageSettings = stageSettingsIn(access, driver, body.settings ?? {}, connection.settings);
      const credential = body.credential === undefined ? undefined : credentialOf(driver, body.credential);
      const { credentialExpiresAt: credentialExpiresAtMs, ...change } = body;
      const changed = { ...change, stageSettings, credential, credentialExpiresAtMs };
      const reply = await applyChange(ports, request, connection, changed);
      // The registration is made anew, as it does not sign with this secret; a job that gets lost is sent by the hourly look.
      const isRegistered = body.webhookSecret !== undefined && connection.subscription !== undefined;
      if (isRegistered) await ports.lanes.send(subscriptionJob(connection, request.requestId, ports.clock.nowMs()), 0);
      return reply;
    },
  }),
  route({
    method: "DELETE",
    path: "/connections/{id}",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params, request }): Promise<Reply> => {
      const connection = await findConnection(ports, params.id);
      const { connectionId } = connection;
      const removal = await removeConnection(ports, driverOf(ports, connection), connection, actorOf(request));
      switch (removal.kind) {
        case "removed":
          return { status: 200, data: { connectionId, removed: true, remaining: null } };
        case "unfinished": {
          const { why, resources, againAtMs } = removal;
          const waitSeconds = Math.max(1, Math.ceil((againAtMs - ports.clock.nowMs()) / 1_000));
          const remaining = { why, resources, message: unfinishedMessages[why] };
          const headers = { "retry-after": String(waitSeconds) };
          return { status: 202, data: { connectionId, removed: false, remaining }, headers };
        }
        case "contended":
          throw contended();
      }
    },
  }),
];

/** The caller's own, and its tenant's: by the same key of its own another caller finds nothing of this one's. */
function seedOf({ access }: AuthorisedRequest, idempotencyKey: string | null): string | null {
  return idempotencyKey === null ? null : fingerprintOf([access.id, access.tenantId ?? "", idempotencyKey]);
}

const unfinishedMessages = {
  "run-in-progress":
    "A worker is in the middle of an import's page. The connection is paused; delete it again when Retry-After has passed.",
  "webhooks-registered":
    "The partner is being told to send no more webhooks. The connection is paused; delete it again when Retry-After has passed.",
  "token-in-use":
    "The partner is being told to take the connection's token back. The connection is paused; delete it again when Retry-After has passed.",
  "records-left":
    "There were more records than one call can delete. The connection is paused; delete it again to go on.",
} as const;
