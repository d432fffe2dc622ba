import type { ResourceType } from "../resource-type.ts";
import { eventBus, eventBusPolicy, rule, schedule, scheduleGroup } from "./events.ts";
import { eventSourceMapping, invokeConfig, lambdaFunction, permission } from "./functions.ts";
import { api, integration, route, stage } from "./http-apis.ts";
import { ignoredTypes } from "./ignored.ts";
import { queue, queuePolicy } from "./queues.ts";
import { managedPolicy, policy, role } from "./roles.ts";
import { bucket, bucketPolicy, key, keyAlias, secret } from "./storage.ts";
import { globalTable, table } from "./tables.ts";
import { subscription, topic, topicPolicy } from "./topics.ts";

/** Every type of resource the local stack understands, by its name in templates. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [
    queue,
    queuePolicy,
    table,
    globalTable,
    bucket,
    bucketPolicy,
    secret,
    key,
    keyAlias,
    eventBus,
    eventBusPolicy,
    rule,
    schedule,
    scheduleGroup,
    lambdaFunction,
    invokeConfig,
    permission,
    eventSourceMapping,
    role,
    policy,
    managedPolicy,
    api,
    stage,
    integration,
    route,
    topic,
    topicPolicy,
    subscription,
    ...ignoredTypes,
  ].map((type) => [type.type, type]),
);
