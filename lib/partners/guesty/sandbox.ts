import type {
  Reply,
  Sandbox,
  SandboxContext,
  SandboxDefinition,
  SandboxRequest,
} from "../../local/sandbox/definition.ts";
import type { FailureKind, MisbehaviourRequest } from "../../local/sandbox/misbehaviour.ts";
import { LimitHeaders, rulesOf, settingsOf } from "./sandbox-accounts.ts";
import { messageType } from "./sandbox-change.ts";
import { guestyControls } from "./sandbox-controls.ts";
import { guestyDemo } from "./sandbox-demo.ts";
import { signatureHeaders } from "./sandbox-events.ts";
import { readRoutes } from "./sandbox-lists.ts";
import { errorReply, rateLimited } from "./sandbox-replies.ts";
import { accountOf, createIdentify, tokenRoute } from "./sandbox-tokens.ts";

/** Enough to number events by; a bound, so that a demonstration may run for days. */
const MESSAGES_KEPT = 1_000;

/** A stand-in for Guesty's Open API as open-api-docs.guesty.com describes it: strict where it says, and its own judge. */
export const sandbox: SandboxDefinition = {
  name: "guesty",
  hosts: ["open-api.guesty.com"],
  keepNewest: { [messageType]: MESSAGES_KEPT },
  demo: guestyDemo,
  create: createGuesty,
};

function createGuesty(context: SandboxContext): Sandbox {
  const { objects, clock } = context;
  const told = new LimitHeaders();
  return {
    routes: [tokenRoute(context), ...readRoutes(context)],
    controls: guestyControls(context),
    identify: createIdentify(context),
    limits(account, request) {
      const settings = settingsOf(objects, account);
      if (settings === null) return [];
      told.admit(account, request.arrivedAtMs);
      return rulesOf(account, settings.limits);
    },
    refuse({ rule }, request) {
      const account = accountOf(context, request) ?? "";
      told.refuse(account, request);
      return rateLimited(told.retryAfterSeconds(account, rule, request.arrivedAtMs));
    },
    fail,
    notFound: (request) => errorReply(404, "NOT_FOUND", `Cannot ${request.method} ${request.path}`),
    headers(request: SandboxRequest) {
      const account = accountOf(context, request);
      const settings = account === null ? null : settingsOf(objects, account);
      return settings === null ? {} : told.headers(settings.account, settings.limits, clock.nowMs());
    },
    sign: (input) => signatureHeaders(objects, input),
  };
}

function fail(kind: FailureKind, asked: MisbehaviourRequest): Reply {
  switch (kind) {
    case "status-500":
      return errorReply(500, "INTERNAL_ERROR", "Something went wrong on our side.");
    case "200-with-error":
      return errorReply(200, "INTERNAL_ERROR", "Something went wrong on our side.");
    case "429-no-hint":
      return rateLimited(null);
    case "429-with-hint":
      return rateLimited(asked.retryAfterSeconds);
  }
}
