import * as z from "zod";
import type { AuthorizationCode, PartnerDriver } from "../../engine/define-partner.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import { beginAuthorisation, beginReplacement } from "../oauth/begin-attempt.ts";
import { attemptOfState, receiveCode } from "../oauth/receive-code.ts";
import { actorOf } from "./actor.ts";
import { partnerNotReady } from "./apply-change.ts";
import { requireOwnCredential, stageSettingsIn } from "./beyond-tenant.ts";
import { pageFor, pageOfAttempt } from "./callback-page.ts";
import { credentialOf } from "./credential-of.ts";
import type { Reply } from "./envelope.ts";
import { driverOf, findConnection } from "./find-connection.ts";
import { findPartner } from "./find-partner.ts";
import { notFound, problem } from "./problem.ts";
import type { ApiPorts, AuthorisedRequest } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

const Settings = z
  .record(z.string().min(1).max(100), z.string().max(1_000))
  .refine((settings) => Object.keys(settings).length <= 50, "Must have at most 50 entries.");

/** Connections that a person makes at the partner, and credentials that are tried before they count. */
export const oauthRoutes = [
  route({
    method: "POST",
    path: "/connections/authorize",
    needs: "operator",
    reach: "tenant",
    idempotency: "refused",
    query: z.strictObject({}),
    body: z.strictObject({
      partner: z.string().min(1).max(40),
      tenantId: z.string().min(1).max(200),
      name: z.string().trim().min(1).max(200),
      settings: Settings.default({}),
    }),
    handle: async (ports, { body, request }) => {
      const { partner, tenantId, name, settings } = body;
      const driver = ports.partners.find(partner);
      if (driver === null) throw problem(404, "not-found", "There is no such partner.", "partner");
      stageSettingsIn(request.access, driver, settings);
      return authorise(ports, request, driver, { tenantId, wish: { kind: "connect", name, settings } });
    },
  }),
  route({
    method: "POST",
    path: "/connections/{id}/authorize",
    needs: "operator",
    reach: "tenant",
    idempotency: "refused",
    query: z.strictObject({}),
    body: z.strictObject({}),
    handle: async (ports, { params, request }) => {
      const connection = await findConnection(ports, params.id);
      const { tenantId, connectionId } = connection;
      const wish = { kind: "replace", connectionId } as const;
      return authorise(ports, request, driverOf(ports, connection), { tenantId, wish });
    },
  }),
  route({
    method: "POST",
    path: "/connections/{id}/credential",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({ credential: z.unknown() }),
    handle: async (ports, { params, body, request }) => {
      const connection = await findConnection(ports, params.id);
      const driver = driverOf(ports, connection);
      requireOwnCredential(request.access, driver, connection);
      const candidate = credentialOf(driver, body.credential);
      const attempt = await beginReplacement(ports, connection, candidate, actorOf(request));
      return { status: 202, data: viewOf(attempt) };
    },
  }),
  route({
    method: "GET",
    path: "/credential-attempts/{partner}/{attemptId}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params, request }) => {
      const { access } = request;
      const attempt = await ports.attempts.read(findPartner(ports, params.partner).name, params.attemptId);
      const isSeen = attempt !== null && (access.tenantId === null || access.tenantId === attempt.tenantId);
      if (!isSeen) throw notFound("such attempt");
      return { status: 200, data: viewOf(attempt) };
    },
  }),
  route({
    method: "GET",
    path: "/oauth/{partner}/callback",
    // A browser comes here from the partner and has no key: the state is what lets it in, once.
    needs: "nothing",
    reach: "tenant",
    query: z.record(z.string(), z.string()),
    handle: async (ports, { params, query }): Promise<Reply> => {
      const driver = ports.partners.find(params.partner);
      if (driver === null) return pageFor(null, { kind: "refused", reason: "unknown" });
      const received = await receiveCode(ports, driver, query);
      // Its own page asks again, or somebody reloads it: nothing is done, and what became of it is said.
      const isAgain = received.kind === "refused" && received.reason === "used";
      const attempt = isAgain ? await attemptOfState(ports, driver, query) : null;
      if (attempt !== null) return pageOfAttempt(driver, attempt);
      ports.metrics.count("AuthorisationsReceived", 1, { partner: driver.name, kind: received.kind });
      return pageFor(driver, received);
    },
  }),
];

async function authorise(
  ports: ApiPorts,
  request: AuthorisedRequest,
  driver: PartnerDriver,
  wanted: Pick<CredentialAttempt, "tenantId" | "wish">,
): Promise<Reply> {
  const auth = authOf(driver);
  const begun = await beginAuthorisation(ports, { driver, auth }, wanted, actorOf(request));
  if (begun.kind === "partner-not-ready") throw partnerNotReady(driver.name);
  const { url, attempt, expiresAtMs } = begun;
  return { status: 201, data: { ...viewOf(attempt), url, expiresAt: isoTime(expiresAtMs) } };
}

function authOf({ auth, title }: PartnerDriver): AuthorizationCode {
  if (auth.kind === "authorization-code") return auth;
  const message = `${title} is not connected in a browser; give its credential with POST /api/v1/connections.`;
  throw problem(409, "no-authorisation", message, "partner");
}

/** How far it is, and of a failure why; nothing of what was tried. */
function viewOf({
  partner,
  attemptId,
  wish,
  status,
  createdAtMs,
}: CredentialAttempt): Readonly<Record<string, unknown>> {
  const connectionId =
    status.kind === "done" ? status.connectionId : wish.kind === "replace" ? wish.connectionId : null;
  return {
    partner,
    attemptId,
    status: status.kind === "done" || status.kind === "failed" || status.kind === "open" ? status.kind : "trying",
    connectionId,
    error: status.kind === "failed" ? { code: status.code, message: status.message } : null,
    createdAt: isoTime(createdAtMs),
  };
}
