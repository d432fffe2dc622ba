import type {
  Reply,
  Sandbox,
  SandboxContext,
  SandboxDefinition,
  SandboxRequest,
} from "../../local/sandbox/definition.ts";
import type { FailureKind, MisbehaviourRequest } from "../../local/sandbox/misbehaviour.ts";
import { identify, limitsOf } from "./sandbox-accounts.ts";
import { stripeControls } from "./sandbox-controls.ts";
import { customerRoute } from "./sandbox-customers.ts";
import { stripeDemo } from "./sandbox-demo.ts";
import { endpointRoutes } from "./sandbox-endpoint-routes.ts";
import { signatureHeaders } from "./sandbox-endpoints.ts";
import { readRoutes } from "./sandbox-lists.ts";
import { refundRoute } from "./sandbox-refunds.ts";
import { errorReply, lockTimeout, rateLimited } from "./sandbox-replies.ts";
import { accountVersion } from "./sandbox-versions.ts";
import { keyOf, requestIdOf, saveFailure } from "./sandbox-writes.ts";

/** Stripe keeps events for 30 days; here the newest are kept, so that a demonstration may run for days. */
const EVENTS_KEPT = 20_000;

/** A stand-in for Stripe's API v1 as docs.stripe.com describes it: strict where Stripe is, and its own judge. */
export const sandbox: SandboxDefinition = {
  name: "stripe",
  hosts: ["api.stripe.com"],
  keepNewest: { event: EVENTS_KEPT },
  demo: stripeDemo,
  create: createStripe,
};

function createStripe(context: SandboxContext): Sandbox {
  const { objects } = context;
  return {
    routes: [...readRoutes(context), ...endpointRoutes(context), refundRoute(context), customerRoute(context)],
    controls: stripeControls(context),
    identify: (request) => identify(objects, request),
    limits: (account, request) => limitsOf(objects, account, request),
    refuse: (refusal) => rateLimited(refusal.rule.reason),
    fail: (kind, asked, request, account) => fail(context, kind, asked, request, account),
    notFound: (request) =>
      errorReply(404, {
        type: "invalid_request_error",
        message: `Unrecognized request URL (${request.method}: ${request.path}).`,
      }),
    headers: headersOf,
    sign: (input) => signatureHeaders(objects, input),
  };
}

function headersOf(request: SandboxRequest): Readonly<Record<string, string>> {
  const version = request.headers["stripe-version"];
  const key = keyOf(request);
  return {
    "request-id": requestIdOf(request),
    "stripe-version": typeof version === "string" ? version : accountVersion,
    ...(key === null ? {} : { "idempotency-key": key }),
  };
}

function fail(
  context: SandboxContext,
  kind: FailureKind,
  asked: MisbehaviourRequest,
  request: SandboxRequest,
  account: string,
): Reply {
  const error = { type: "api_error", message: "Something went wrong on our side." } as const;
  switch (kind) {
    case "status-500": {
      const reply = errorReply(500, error);
      saveFailure(context, request, account, reply);
      return reply;
    }
    case "200-with-error":
      return errorReply(200, error);
    case "429-no-hint":
      return lockTimeout();
    case "429-with-hint": {
      const limited = rateLimited("endpoint-rate");
      return { ...limited, headers: { ...limited.headers, "retry-after": String(asked.retryAfterSeconds) } };
    }
  }
}
