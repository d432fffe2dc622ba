import * as z from "zod";
import type { Reply, Route, SandboxContext } from "../../local/sandbox/definition.ts";
import { isLoopback } from "../../local/sandbox/post-once.ts";
import { settingsOf } from "./sandbox-accounts.ts";
import { endpointType, secretType } from "./sandbox-endpoints.ts";
import { MetadataChange } from "./sandbox-fields.ts";
import { fingerprintOf, stripeId } from "./sandbox-ids.ts";
import { invalidRequest, missing } from "./sandbox-replies.ts";
import { servedVersions } from "./sandbox-versions.ts";
import { changeBy, requestIdOf, write, type Cause, type Written } from "./sandbox-writes.ts";

/** docs.stripe.com/webhooks: at most 16 endpoints an account. */
const ENDPOINTS_MAX = 16;

const EndpointFields = z.strictObject({
  url: z.string().min(1),
  enabled_events: z.array(z.string().regex(/^(\*|[a-z0-9_]+(\.[a-z0-9_]+)+)$/)).min(1),
  api_version: z.enum(servedVersions).optional(),
  description: z.string().optional(),
  metadata: MetadataChange.optional(),
  connect: z.enum(["true", "false"]).optional(),
});
export type EndpointFields = z.infer<typeof EndpointFields>;

/** docs.stripe.com/api/webhook_endpoints/update: the version it is written in stays. */
const EndpointChange = EndpointFields.omit({ api_version: true, connect: true })
  .partial()
  .extend({ disabled: z.enum(["true", "false"]).optional() });

/** Registering for webhooks (docs.stripe.com/api/webhook_endpoints); reading them back is the lists' affair. */
export function endpointRoutes(context: SandboxContext): readonly Route[] {
  return [
    {
      method: "POST",
      template: "/v1/webhook_endpoints",
      handle: (request, account) =>
        write(context, request, account, EndpointFields, (fields, cause) =>
          createEndpoint(context, account, fields, cause),
        ),
    },
    {
      method: "POST",
      template: "/v1/webhook_endpoints/{id}",
      handle: (request, account) =>
        write(context, request, account, EndpointChange, (fields, cause) =>
          changeEndpoint(context, account, request.params["id"] ?? "", { fields, cause }),
        ),
    },
    {
      method: "DELETE",
      template: "/v1/webhook_endpoints/{id}",
      handle: (request, account) =>
        deleteEndpoint(context, account, request.params["id"] ?? "", {
          id: requestIdOf(request),
          idempotencyKey: null,
        }),
    },
  ];
}

/** Registers an endpoint; its secret is in this one answer and in no other. */
export function createEndpoint(
  context: SandboxContext,
  account: string,
  fields: EndpointFields,
  cause: Cause,
): Written {
  const { objects } = context;
  if (!isLoopback(fields.url)) return { reply: loopbackOnly() };
  if (objects.list(account, endpointType).filter((endpoint) => !endpoint.deleted).length >= ENDPOINTS_MAX) {
    return { reply: invalidRequest(`An account has at most ${ENDPOINTS_MAX} webhook endpoints.`) };
  }
  const change = changeBy(context, account, cause);
  const id = stripeId("we", account, objects.created(account, endpointType));
  const ownSecret = `whsec_${fingerprintOf(`${account} ${id}`).slice(0, 32)}`;
  const secret = settingsOf(objects, account)?.webhookSecret ?? ownSecret;
  const endpoint = {
    id,
    object: endpointType,
    api_version: fields.api_version ?? null,
    application: null,
    created: change.createdNow(endpointType),
    description: fields.description ?? null,
    enabled_events: fields.enabled_events,
    livemode: false,
    metadata: fields.metadata ?? {},
    status: "enabled",
    url: fields.url,
  };
  const reference = change.put(endpointType, id, endpoint);
  change.put(secretType, id, { secret, connect: fields.connect === "true" });
  return { change, reply: { status: 200, body: { ...endpoint, secret }, references: [reference], single: true } };
}

/** Changes an endpoint; its secret stays, and is not shown again. */
function changeEndpoint(
  context: SandboxContext,
  account: string,
  id: string,
  { fields, cause }: { readonly fields: z.infer<typeof EndpointChange>; readonly cause: Cause },
): Written {
  const endpoint = context.objects.get(account, endpointType, id);
  if (endpoint === null || endpoint.deleted) return { reply: missing(404, "webhook endpoint", id) };
  const { disabled, ...rest } = fields;
  if (rest.url !== undefined && !isLoopback(rest.url)) return { reply: loopbackOnly() };
  const change = changeBy(context, account, cause);
  const status = disabled === undefined ? {} : { status: disabled === "true" ? "disabled" : "enabled" };
  const next = { ...endpoint.state, ...rest, ...status };
  const reference = change.put(endpointType, id, next);
  return { change, reply: { status: 200, body: next, references: [reference], single: true } };
}

function loopbackOnly(): Reply {
  return invalidRequest("This stand-in delivers webhooks to http addresses of this machine only", "url_invalid", "url");
}

export function deleteEndpoint(context: SandboxContext, account: string, id: string, cause: Cause): Reply {
  const endpoint = context.objects.get(account, endpointType, id);
  if (endpoint === null || endpoint.deleted) return missing(404, "webhook endpoint", id);
  const change = changeBy(context, account, cause);
  change.put(endpointType, id, endpoint.state, { deleted: true });
  change.commit({ write: { endpoint: "DELETE /v1/webhook_endpoints/{id}", idempotencyKey: null } });
  return { status: 200, body: { id, object: endpointType, deleted: true }, single: true };
}
