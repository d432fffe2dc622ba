import type {
  Reply,
  Sandbox,
  SandboxContext,
  SandboxDefinition,
  SandboxRequest,
} from "../../local/sandbox/definition.ts";
import type { FailureKind, MisbehaviourRequest } from "../../local/sandbox/misbehaviour.ts";
import { signatureHeaders } from "./sandbox-change.ts";
import { identify, limitsOf } from "./sandbox-companies.ts";
import { leaflinkControls } from "./sandbox-controls.ts";
import { leaflinkDemo } from "./sandbox-demo.ts";
import { routes } from "./sandbox-lists.ts";
import { detail } from "./sandbox-replies.ts";

/** A stand-in for LeafLink's Marketplace V2 API as developer.leaflink.com/legacy/v2 describes it. */
export const sandbox: SandboxDefinition = {
  name: "leaflink",
  hosts: ["app.leaflink.com"],
  demo: leaflinkDemo,
  create: createLeaflink,
};

function createLeaflink(context: SandboxContext): Sandbox {
  return {
    routes: routes(context),
    controls: leaflinkControls(context),
    identify: (request) => identify(context.objects, request),
    limits: (company) => limitsOf(context.objects, company),
    refuse: throttled,
    fail,
    notFound,
    headers: () => ({}),
    sign: (input) => signatureHeaders(context, input),
  };
}

/** Neither a body nor a `Retry-After` is documented for V2. */
function throttled(): Reply {
  return detail(429, "Request was throttled.");
}

/** "Request paths must end in a slash": others are answered 400 (…/legacy/v2/api/ref). */
function notFound(request: SandboxRequest): Reply {
  return request.path.endsWith("/")
    ? detail(404, "Not found.")
    : detail(400, "Bad request: the path does not end in a slash.");
}

function fail(kind: FailureKind, asked: MisbehaviourRequest): Reply {
  switch (kind) {
    case "status-500":
      return { status: 500, headers: { "content-type": "text/html" }, body: "<h1>Server Error (500)</h1>" };
    case "200-with-error":
      return detail(200, "Something went wrong.");
    case "429-no-hint":
      return throttled();
    case "429-with-hint":
      return { ...throttled(), headers: { "retry-after": String(asked.retryAfterSeconds) } };
  }
}
