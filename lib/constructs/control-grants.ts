import type * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { lanes } from "../engine/job.ts";
import { claimCheckArn, laneArn, mappingArn } from "./arns.ts";
import { allow, allowFormerKeys, allowIndex, allowItems, allowKey, allowObjects, type Grant } from "./grants.ts";
import { refreshGrants } from "./credential-grants.ts";
import { renewsCredentials } from "./partner-grants.ts";
import type { Stage } from "./stage.ts";

/** Switches the lanes' mappings and no others, probes the partner, sends parked jobs again. */
export function controlGrants(
  scope: Construct,
  stage: Stage,
  driver: PartnerDriver,
  mappings: readonly lambda.IEventSourceMapping[],
): Grant[] {
  const partner = driver.name;
  const ids = mappings.map((mapping) => mappingArn(scope, mapping.eventSourceMappingId));
  const queues = lanes.map((lane) => laneArn(scope, stage, partner, lane));
  return [
    allow("lambda", ["GetEventSourceMapping", "UpdateEventSourceMapping"], ids),
    allow("sqs", ["SendMessage"], queues),
    allowItems(scope, stage, partner, "runs", ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"]),
    allowIndex(scope, stage, partner, "runs", "active"),
    // That it looked at a connection is noted there.
    allowItems(scope, stage, partner, "connections", ["GetItem", "PutItem"]),
    allowIndex(scope, stage, partner, "connections", "due"),
    allowItems(scope, stage, partner, "token-buckets", ["GetItem", "PutItem"]),
    allowKey(scope, stage, [partner], renewsCredentials(driver) ? ["Decrypt", "GenerateDataKey"] : ["Decrypt"]),
    ...allowFormerKeys(stage, [partner], ["Decrypt"]),
    allowObjects(["GetObject"], [claimCheckArn(scope, stage, "bodies", partner)]),
    ...refreshGrants(scope, stage, driver),
  ];
}
