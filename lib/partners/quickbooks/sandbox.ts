import type {
  Identified,
  Reply,
  Route,
  Sandbox,
  SandboxContext,
  SandboxDefinition,
  SandboxRequest,
} from "../../local/sandbox/definition.ts";
import type { FailureKind, MisbehaviourRequest } from "../../local/sandbox/misbehaviour.ts";
import { oauthAccount, OAuthServer } from "../../local/sandbox/oauth-server.ts";
import { signatureHeaders } from "./sandbox-change.ts";
import { companies, limitsOf } from "./sandbox-companies.ts";
import { quickbooksControls } from "./sandbox-controls.ts";
import { quickbooksApp, quickbooksDemo } from "./sandbox-demo.ts";
import { entities } from "./sandbox-objects.ts";
import type { Entity } from "./sandbox-objects.ts";
import { runQuery } from "./sandbox-query.ts";
import { fault, notFound, throttled, unauthenticated } from "./sandbox-replies.ts";

const company = "/v3/company/{realmId}";
const authorizePath = "/connect/oauth2";
const tokenPath = "/oauth2/v1/tokens/bearer";
const revokePath = "/v2/oauth2/tokens/revoke";

/** A stand-in for QuickBooks Online's accounting API and Intuit's authorization server, as developer.intuit.com describes them. */
export const sandbox: SandboxDefinition = {
  name: "quickbooks",
  hosts: ["quickbooks.api.intuit.com", "appcenter.intuit.com", "oauth.platform.intuit.com", "developer.api.intuit.com"],
  demo: quickbooksDemo,
  app: quickbooksApp,
  create: createQuickbooks,
};

function createQuickbooks(context: SandboxContext): Sandbox {
  const oauth = new OAuthServer(context, {
    title: "Intuit",
    authorizePath,
    tokenPath,
    revokePath,
    scopes: ["com.intuit.quickbooks.accounting", "openid"],
    accountParameter: "realmId",
    accounts: () => companies(context.objects),
    alsoInAnswer: ({ refreshSeconds }) => ({ x_refresh_token_expires_in: refreshSeconds }),
    readRevoked,
  });
  return {
    routes: [...oauth.routes, ...apiRoutes(context)],
    controls: [...oauth.controls, ...quickbooksControls(context)],
    identify: (request) => oauth.identify(request) ?? refused(request),
    limits: (account) => (account === oauthAccount ? [] : limitsOf(context.objects, account)),
    refuse: (_refusal, request) => throttled(request.arrivedAtMs),
    fail,
    notFound: (request) => ({
      status: 404,
      headers: { "content-type": "text/plain" },
      body: `no ${request.path} here`,
    }),
    headers: (request) => ({ intuit_tid: `1-sandbox-${request.number}` }),
    sign: (input) => signatureHeaders(context, input),
  };
}

function refused(request: SandboxRequest): Identified {
  return { kind: "reply", reply: unauthenticated(request.arrivedAtMs) };
}

function apiRoutes(context: SandboxContext): readonly Route[] {
  const own = (handle: Route["handle"]): Route["handle"] => {
    // A token is one company's: at another's path it opens nothing.
    return (request, account) =>
      request.params["realmId"] === account ? handle(request, account) : forbidden(request.arrivedAtMs);
  };
  return [
    {
      method: "GET",
      template: `${company}/query`,
      handle: own((request, account) => runQuery(context, request, account)),
    },
    ...entities.map((entity): Route => ({
      method: "GET",
      template: `${company}/${entity.type}/{id}`,
      handle: own((request, account) => one(context, entity, request, account)),
    })),
  ];
}

function one(context: SandboxContext, entity: Entity, request: SandboxRequest, account: string): Reply {
  const object = context.objects.get(account, entity.type, request.params["id"] ?? "");
  if (object === null) return notFound(request.arrivedAtMs);
  const told = {
    references: [[object.type, object.id, object.revision] as const].map(([...each]) => each),
    single: true,
  };
  if (object.deleted) return { ...notFound(request.arrivedAtMs), ...told };
  const body = { [entity.name]: object.state, time: new Date(request.arrivedAtMs).toISOString() };
  return { status: 200, body, ...told };
}

function forbidden(atMs: number): Reply {
  const message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403";
  return fault(403, { type: "AuthenticationFault", code: "3100", message, detail: "Another company's token" }, atMs);
}

function fail(kind: FailureKind, asked: MisbehaviourRequest, request: SandboxRequest): Reply {
  const atMs = request.arrivedAtMs;
  switch (kind) {
    case "status-500":
      return fault(500, { type: "SystemFault", code: "10000", message: "An application error", detail: "Later" }, atMs);
    case "200-with-error":
      return fault(200, { type: "SystemFault", code: "10000", message: "An application error", detail: "Later" }, atMs);
    case "429-no-hint":
      return throttled(atMs);
    case "429-with-hint":
      return { ...throttled(atMs), headers: { "retry-after": String(asked.retryAfterSeconds) } };
  }
}

/** `{"token": "…"}`: what Intuit's own SDKs send. */
function readRevoked(request: SandboxRequest): string | null {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) return null;
  try {
    const body: unknown = JSON.parse(request.body);
    const token: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "token") : null;
    return typeof token === "string" && token !== "" ? token : null;
  } catch {
    return null;
  }
}
