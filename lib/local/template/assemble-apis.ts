import { matchesWildcard } from "../front-door/policy/wildcard.ts";
import type { HttpApiModel, RouteModel } from "../types.ts";
import type { ModelDraft } from "./model-draft.ts";

/**
 * Puts each HTTP API together from its stage, routes and integrations.
 * @throws {Error} naming the route when its function is missing, or does not let API Gateway call it
 */
export function assembleApis(draft: ModelDraft, account: string, region: string): HttpApiModel[] {
  return draft.apis.map(({ id, name }) => {
    const stage = draft.stages.find(({ apiId }) => apiId === id);
    if (stage === undefined) throw new Error(`HTTP API ${name}: it has no $default stage, so nothing would serve it`);
    const routes = draft.routes
      .filter(({ apiId }) => apiId === id)
      .map(({ routeKey, integrationId }): RouteModel => {
        const { functionArn } = draft.integrations.find((item) => item.apiId === id && item.id === integrationId) ?? {};
        if (functionArn === undefined)
          throw new Error(`Route ${routeKey} of HTTP API ${name}: its integration is missing`);
        const sourceArn = `arn:aws:execute-api:${region}:${account}:${id}/$default/${sourceSuffix(routeKey)}`;
        checkPermission(
          draft,
          `Route ${routeKey} of HTTP API ${name}`,
          functionArn,
          "apigateway.amazonaws.com",
          sourceArn,
        );
        return { routeKey, functionArn, throttle: stage.routeThrottles[routeKey] ?? null };
      });
    for (const routeKey of Object.keys(stage.routeThrottles)) {
      if (!routes.some((route) => route.routeKey === routeKey)) {
        throw new Error(`HTTP API ${name}: its stage throttles the route "${routeKey}", which it does not have`);
      }
    }
    return { id, name, routes, defaultThrottle: stage.defaultThrottle };
  });
}

/**
 * Checks that a function lets a service call it, as AWS does at every call.
 * @throws {Error} naming who would call and which function
 */
export function checkPermission(
  draft: ModelDraft,
  who: string,
  functionArn: string,
  principal: string,
  sourceArn: string,
): void {
  const called = draft.functions.find(({ arn }) => functionArn === arn);
  if (called === undefined) throw new Error(`${who}: no template defines the function ${functionArn}`);
  const isAllowed = draft.permissions.some(
    (permission) =>
      permission.functionName === called.name &&
      permission.principal === principal &&
      (permission.sourceArn === null || matchesWildcard(permission.sourceArn, sourceArn)),
  );
  if (isAllowed) return;
  throw new Error(
    `${who}: no AWS::Lambda::Permission lets ${principal} perform lambda:InvokeFunction on ${called.name} from ${sourceArn}`,
  );
}

/** `POST /webhooks/x` becomes `POST/webhooks/x`. */
function sourceSuffix(routeKey: string): string {
  return routeKey.replace(" ", "");
}
