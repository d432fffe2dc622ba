import * as z from "zod";
import type { Throttle } from "../model-draft.ts";
import { generatedApiId, generatedName } from "../physical-name.ts";
import { decimal, ignored, integer, tags } from "../properties.ts";
import { named, resourceType } from "../resource-type.ts";

export const api = resourceType({
  type: "AWS::ApiGatewayV2::Api",
  schema: z.strictObject({
    Name: z.string(),
    ProtocolType: z.literal("HTTP", "the local stack serves HTTP APIs only"),
    Description: ignored("nobody reads it here"),
    DisableExecuteApiEndpoint: ignored("the local address is the only one"),
    RouteSelectionExpression: ignored("HTTP APIs have one way to select a route"),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, region }) => {
    const id = generatedApiId(stack, logicalId);
    const endpoint = `https://${id}.execute-api.${region}.amazonaws.com`;
    return { name: id, ref: id, attributes: { ApiId: id, ApiEndpoint: endpoint } };
  },
  add(draft, { identity, properties }) {
    draft.apis.push({ id: identity.name, name: properties.Name });
  },
});

const settings = z.strictObject({
  ThrottlingBurstLimit: integer.optional(),
  ThrottlingRateLimit: decimal.optional(),
  DetailedMetricsEnabled: ignored("there are no gateway metrics here"),
});

export const stage = resourceType({
  type: "AWS::ApiGatewayV2::Stage",
  schema: z.strictObject({
    ApiId: z.string(),
    StageName: z.literal("$default", "the local stack serves the $default stage only"),
    AutoDeploy: ignored("the templates are all there is"),
    AccessLogSettings: ignored("the local stack has a log of its own"),
    Description: ignored("nobody reads it here"),
    DefaultRouteSettings: settings.optional(),
    RouteSettings: z.record(z.string(), settings).optional(),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, property }) => named(property("StageName") ?? generatedName(stack, logicalId, 128)),
  add(draft, { properties }) {
    const throttles = Object.entries(properties.RouteSettings ?? {}).flatMap(([routeKey, route]) => {
      const throttle = throttleOf(route);
      return throttle === null ? [] : [[routeKey, throttle] as const];
    });
    draft.stages.push({
      apiId: properties.ApiId,
      defaultThrottle: throttleOf(properties.DefaultRouteSettings),
      routeThrottles: Object.fromEntries(throttles),
    });
  },
});

/** A rate without a burst lets as many through at once; a burst without a rate is as much a second. */
function throttleOf(route: z.infer<typeof settings> | undefined): Throttle | null {
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = route ?? {};
  if (rate === undefined && burst === undefined) return null;
  return { requestsPerSecond: rate ?? burst ?? 0, burst: burst ?? Math.ceil(rate ?? 0) };
}

export const integration = resourceType({
  type: "AWS::ApiGatewayV2::Integration",
  schema: z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal("AWS_PROXY", "the local stack integrates functions only"),
    IntegrationUri: z.string(),
    IntegrationMethod: ignored("functions are always posted to"),
    PayloadFormatVersion: z.literal("2.0"),
    Description: ignored("nobody reads it here"),
  }),
  identify: ({ stack, logicalId }) => named(generatedApiId(stack, logicalId)),
  add(draft, { identity, properties }) {
    const uri = properties.IntegrationUri;
    // CDK gives the function's ARN; the console and others the path of its invocation.
    const functionArn = /functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
    if (!functionArn.includes(":function:")) throw new Error(`property IntegrationUri: ${uri} is not a function`);
    draft.integrations.push({ apiId: properties.ApiId, id: identity.name, functionArn });
  },
});

export const route = resourceType({
  type: "AWS::ApiGatewayV2::Route",
  schema: z.strictObject({
    ApiId: z.string(),
    RouteKey: z.string(),
    Target: z.string().startsWith("integrations/"),
    AuthorizationType: z.literal("NONE", "the local stack has no authorizers").optional(),
    OperationName: ignored("nobody reads it here"),
  }),
  identify: ({ stack, logicalId }) => named(generatedApiId(stack, logicalId)),
  add(draft, { properties }) {
    const integrationId = properties.Target.slice("integrations/".length);
    draft.routes.push({ apiId: properties.ApiId, routeKey: properties.RouteKey, integrationId });
  },
});
