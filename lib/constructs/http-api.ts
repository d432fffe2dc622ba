import { Lazy, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigatewayv2";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { CfnPermission } from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { prefixFor } from "../engine/names.ts";
import { acknowledge } from "./acknowledge.ts";
import { logRetentionOf, type Stage } from "./stage.ts";

export interface Throttle {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface Routes {
  readonly target: lambda.Function;
  /** As in `POST /webhooks/acme/{connectionId}`. */
  readonly keys: readonly string[];
  /** What the API may call the function for: `POST/webhooks/acme*`. */
  readonly permitted: string;
  /** Each route's own; absent is the API's. */
  readonly throttle?: Throttle;
  /** More routes of the same function, by their keys, each with a throttle of another size. */
  readonly throttled?: Readonly<Record<string, Throttle>>;
}

/**
 * Never a path, a header or an address: a path can be a partner's secret, an address a person's. CloudWatch has the time itself, and
 * each field is paid with every webhook.
 */
const accessLogFields = ["requestId", "routeKey", "status", "responseLatency", "integrationErrorMessage"];

/**
 * One HTTP API. Made of plain resources, since the CDK's own constructs make a permission for every route, and forty
 * partners' routes have to fit into one stack.
 */
export class HttpApi extends Construct {
  readonly api: apigateway.CfnApi;
  readonly stage: apigateway.CfnStage;
  private readonly throttles = new Map<string, Throttle>();

  constructor(scope: Construct, id: string, stage: Stage, defaultThrottle: Throttle) {
    super(scope, id);
    this.api = new apigateway.CfnApi(this, "Api", { name: prefixFor(stage.name), protocolType: "HTTP" });
    this.stage = new apigateway.CfnStage(this, "Stage", {
      apiId: this.api.ref,
      stageName: "$default",
      autoDeploy: true,
      accessLogSettings: accessLogOf(this, stage),
      defaultRouteSettings: {
        throttlingRateLimit: defaultThrottle.requestsPerSecond,
        throttlingBurstLimit: defaultThrottle.burst,
      },
      routeSettings: Lazy.any({ produce: () => routeSettingsOf(this.throttles) }),
    });
  }

  get url(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `https://${this.api.ref}.execute-api.${region}.${urlSuffix}`;
  }

  /** One integration and one permission a function, however many routes. */
  addRoutes(id: string, routes: Routes): void {
    const scope = new Construct(this, id);
    const integration = new apigateway.CfnIntegration(scope, "Integration", {
      apiId: this.api.ref,
      integrationType: "AWS_PROXY",
      integrationUri: routes.target.functionArn,
      payloadFormatVersion: "2.0",
    });
    new CfnPermission(scope, "Permission", {
      action: "lambda:InvokeFunction",
      functionName: routes.target.functionArn,
      principal: "apigateway.amazonaws.com",
      sourceArn: Stack.of(this).formatArn({
        service: "execute-api",
        resource: this.api.ref,
        resourceName: `*/${routes.permitted}`,
      }),
    });
    for (const key of routes.keys) this.addRoute(scope, key, integration.ref, routes.throttle);
    for (const [key, throttle] of Object.entries(routes.throttled ?? {}))
      this.addRoute(scope, key, integration.ref, throttle);
  }

  private addRoute(scope: Construct, key: string, integrationId: string, throttle: Throttle | undefined): void {
    const route = new apigateway.CfnRoute(scope, key, {
      apiId: this.api.ref,
      routeKey: key,
      target: `integrations/${integrationId}`,
      authorizationType: "NONE",
    });
    acknowledge(route, {
      "AwsSolutions-APIG4":
        "Whoever calls signs: partners over the raw body, people and machines with an API key. The function checks it, since no authoriser sees the body.",
    });
    if (throttle === undefined) return;
    this.throttles.set(key, throttle);
    // The stage names the route in its settings, and is refused as long as the route is not there.
    this.stage.addResourceDependency(route);
  }
}

/** Free-form JSON to the CDK, so in CloudFormation's own spelling. */
function routeSettingsOf(throttles: ReadonlyMap<string, Throttle>): Record<string, unknown> | undefined {
  if (throttles.size === 0) return undefined;
  return Object.fromEntries(
    [...throttles].map(([key, throttle]) => [
      key,
      { ThrottlingRateLimit: throttle.requestsPerSecond, ThrottlingBurstLimit: throttle.burst },
    ]),
  );
}

function accessLogOf(scope: Construct, stage: Stage): apigateway.CfnStage.AccessLogSettingsProperty {
  const group = new logs.LogGroup(scope, "AccessLog", {
    // Under this prefix API Gateway needs no policy of its own on the group; an account can have only ten of those.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
    logGroupName: `/aws/vendedlogs/${prefixFor(stage.name)}-api`,
    retention: logRetentionOf(stage),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const format = Object.fromEntries(accessLogFields.map((field) => [field, `$context.${field}`]));
  return { destinationArn: group.logGroupArn, format: JSON.stringify(format) };
}
