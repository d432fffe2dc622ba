import { InvalidCursor } from "../../engine/page-cursor.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import { nobody, requireApiKey, requireOwnTenant, requireRole } from "./access.ts";
import { failed, succeeded } from "./envelope.ts";
import { ApiProblem, notFound, problem } from "./problem.ts";
import { bodyBytesMax, readBody } from "./read-body.ts";
import type { ApiPorts, ApiRequest, ApiResponse, AuthorisedRequest } from "./request.ts";
import { matchPath, type Route } from "./route.ts";
import { routes } from "./routes.ts";
import { tenantPortsOf } from "./tenant-ports.ts";
import { validate } from "./validate.ts";

const prefix = "/api/v1/";

/**
 * Answers one call of the HTTP API, version 1. Never rejects: whatever fails inside becomes a 500 in the same envelope,
 * its details in the log under the request's id and nowhere else.
 */
export async function handleApi(ports: ApiPorts, request: ApiRequest): Promise<ApiResponse> {
  const response = await answer(ports, request).catch((error: unknown) => failure(ports, request, error));
  return { ...response, headers: { ...response.headers, "x-request-id": request.requestId } };
}

async function answer(ports: ApiPorts, request: ApiRequest): Promise<ApiResponse> {
  const matched = matchRoute(request);
  // Before anything is said of paths and methods: a stranger learns no more than that a key is needed.
  const isOpen = matched.kind === "found" && matched.route.needs === "nothing";
  const access = isOpen ? nobody : await requireApiKey(ports.verifyApiKey, request);
  if (matched.kind === "unknown-path") throw notFound("such path in this API");
  if (matched.kind === "unknown-method") {
    const allow = matched.allow.join(", ");
    const message = `This path takes ${allow}.`;
    throw new ApiProblem(405, [{ code: "method-not-allowed", message }], { allow });
  }
  requireRole(access, matched.route);
  if (request.body.byteLength > bodyBytesMax) {
    throw problem(413, "body-too-large", `The body has more than ${bodyBytesMax} bytes.`);
  }
  const { route, params } = matched;
  const query: unknown = validate(route.query, request.query, "query");
  const body: unknown = route.body === undefined ? null : validate(route.body, readBody(request.body), "body");
  requireOwnTenant(access, params, query, body);
  const idempotencyKey = route.method === "POST" ? idempotencyKeyOf(request, route) : null;
  const seen = access.tenantId === null ? ports : tenantPortsOf(ports, access.tenantId);
  const authorised: AuthorisedRequest = { ...request, access };
  const run = async (): Promise<ApiResponse> =>
    succeeded(await route.handle(seen, { params, query, body, request: authorised, idempotencyKey }));
  return idempotencyKey === null ? run() : answerOnce(ports, authorised, idempotencyKey, run);
}

type Matched =
  | { readonly kind: "found"; readonly route: Route; readonly params: Record<string, string> }
  | { readonly kind: "unknown-method"; readonly allow: readonly string[] }
  | { readonly kind: "unknown-path" };

function matchRoute(request: ApiRequest): Matched {
  if (!request.path.startsWith(prefix)) return { kind: "unknown-path" };
  const segments = request.path.slice(prefix.length).split("/");
  const allow: string[] = [];
  for (const route of routes) {
    const params = matchPath(route.path, segments);
    if (params === null) continue;
    if (route.method === request.method) return { kind: "found", route, params };
    allow.push(route.method);
  }
  return allow.length === 0 ? { kind: "unknown-path" } : { kind: "unknown-method", allow };
}

function idempotencyKeyOf(request: ApiRequest, route: Route): string | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (route.idempotency === "refused") {
    const message = "This answer holds a secret that is not kept, so it cannot be given again: ask without it.";
    throw problem(400, "invalid-field", message, "Idempotency-Key");
  }
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const message = "Must be 1 to 255 visible ASCII characters.";
  throw problem(400, "invalid-field", message, "Idempotency-Key");
}

async function answerOnce(
  ports: ApiPorts,
  request: AuthorisedRequest,
  idempotencyKey: string,
  run: () => Promise<ApiResponse>,
): Promise<ApiResponse> {
  // The caller's own: an answer that was given to one key is not given again to another.
  const key = `${request.access.id} ${request.method} ${request.path}#${idempotencyKey}`;
  const fingerprint = fingerprintOf([Buffer.from(request.body).toString("base64")]);
  const result = await ports.once({ key, fingerprint }, run);
  switch (result.kind) {
    case "answered":
      return {
        ...result.response,
        headers: { ...result.response.headers, "idempotent-replayed": String(result.replayed) },
      };
    case "in-progress":
      throw problem(
        409,
        "idempotency-in-progress",
        "The first call with this Idempotency-Key is still under way; ask again in a moment.",
      );
    case "reused":
      throw problem(422, "idempotency-key-reused", "This Idempotency-Key was used with another body; use a new one.");
  }
}

function failure(ports: ApiPorts, request: ApiRequest, error: unknown): ApiResponse {
  if (error instanceof ApiProblem) return failed(error.status, error.errors, error.headers);
  if (error instanceof InvalidCursor) {
    const message = "This cursor is not one of this list's; start again without a cursor.";
    return failed(400, [{ code: "bad-cursor", message, field: "cursor" }]);
  }
  ports.log.error("an API call failed", { requestId: request.requestId, method: request.method, error });
  const message = `Something failed on our side. Ask again; if it stays, look for request ${request.requestId} in the log.`;
  return failed(500, [{ code: "internal", message }]);
}
