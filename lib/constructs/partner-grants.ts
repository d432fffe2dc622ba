import type { Construct } from "constructs";
import type { PartnerDriver } from "../engine/define-partner.ts";
import type { Lane } from "../engine/job.ts";
import { refreshGrants, subscriptionGrants, tryGrants } from "./credential-grants.ts";
import { claimCheckArn, deadLetterQueueArn, laneArn, partnerSecretArn } from "./arns.ts";
import { allow, allowFormerKeys, allowIndex, allowItems, allowKey, allowObjects, type Grant } from "./grants.ts";
import type { Stage } from "./stage.ts";

/** What Lambda's poller needs of a queue, in the name of the function behind it. */
const receive = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];

/** For the function behind a lane: calls the partner, keeps records, sends its own lane's jobs again, gives up. */
export function consumerGrants(scope: Construct, stage: Stage, driver: PartnerDriver, lane: Lane): Grant[] {
  const partner = driver.name;
  const [bodies, records] = [
    claimCheckArn(scope, stage, "bodies", partner),
    claimCheckArn(scope, stage, "records", partner),
  ];
  const seals = lane === "webhooks" || renewsCredentials(driver);
  return [
    allow("sqs", [...receive, "SendMessage"], [laneArn(scope, stage, partner, lane)]),
    allow("sqs", ["SendMessage"], [deadLetterQueueArn(scope, stage, partner)]),
    allowItems(scope, stage, partner, "records", ["GetItem", "BatchGetItem", "PutItem", "UpdateItem"]),
    allowItems(scope, stage, partner, "token-buckets", ["GetItem", "PutItem"]),
    allowItems(scope, stage, partner, "failures", ["UpdateItem"]),
    allowObjects(["PutObject"], [bodies, records]),
    allowKey(scope, stage, [partner], seals ? ["Decrypt", "GenerateDataKey"] : ["Decrypt"]),
    ...allowFormerKeys(stage, [partner], ["Decrypt"]),
    // A connection whose key is refused is marked so; what holds calls back, and what is parked, is beside the runs.
    allowItems(scope, stage, partner, "connections", ["GetItem", "PutItem"]),
    allowItems(scope, stage, partner, "runs", ["GetItem", "PutItem", "UpdateItem"]),
    ...(lane === "webhooks"
      ? [
          allowObjects(["GetObject"], [bodies]),
          ...(driver.webhook?.isReplayable === true
            ? [allowItems(scope, stage, partner, "idempotency", ["GetItem", "PutItem"])]
            : []),
          ...tryGrants(scope, stage, driver),
          ...subscriptionGrants(scope, stage, driver),
        ]
      : [
          ...refreshGrants(scope, stage, driver),
          allowIndex(scope, stage, partner, "records", "digests"),
          // What a full pass has saved that was parked before.
          allowIndex(scope, stage, partner, "failures", "connection"),
          // What a full pass has seen, to find what it has not.
          allowItems(scope, stage, partner, "runs", ["Query"]),
        ]),
  ];
}

/** For what takes the place of both consumers: what they may do, and nothing more. */
export function emergencyGrants(scope: Construct, stage: Stage, driver: PartnerDriver): Grant[] {
  const both = (["webhooks", "imports"] as const).flatMap((lane) => consumerGrants(scope, stage, driver, lane));
  // Most of it is the same for both; a role's policies may hold 10,240 characters.
  return [...new Map(both.map((grant) => [JSON.stringify(grant), grant])).values()];
}

/** A token that runs out is renewed by whoever makes a call, sealed, and kept with the connection. */
export function renewsCredentials(driver: PartnerDriver): boolean {
  return driver.auth.kind !== "header";
}

/** Starts what is due, nudges what stands still, gives up what does not move; never calls the partner. */
export function fanOutGrants(scope: Construct, stage: Stage, partner: string): Grant[] {
  const queues = [laneArn(scope, stage, partner, "imports"), deadLetterQueueArn(scope, stage, partner)];
  return [
    allow("sqs", ["SendMessage"], queues),
    // How full the lane is says how much more it should be given.
    allow("sqs", ["GetQueueAttributes"], [laneArn(scope, stage, partner, "imports")]),
    allowItems(scope, stage, partner, "connections", ["GetItem", "PutItem"]),
    allowIndex(scope, stage, partner, "connections", "due"),
    allowItems(scope, stage, partner, "runs", ["GetItem", "PutItem"]),
    allowIndex(scope, stage, partner, "runs", "active"),
  ];
}

/** Takes the dead-letter queue to the failures table. */
export function archiveGrants(scope: Construct, stage: Stage, partner: string): Grant[] {
  return [
    allow("sqs", receive, [deadLetterQueueArn(scope, stage, partner)]),
    allowItems(scope, stage, partner, "failures", ["UpdateItem"]),
    // Of a connection that is gone nothing is kept.
    allowItems(scope, stage, partner, "connections", ["GetItem"]),
    allowObjects(["PutObject"], [claimCheckArn(scope, stage, "bodies", partner)]),
  ];
}

/** At the open door: reads one secret and one connection, writes one message or one large body. */
export function ingestGrants(scope: Construct, stage: Stage, partner: string): Grant[] {
  return [
    allow("sqs", ["SendMessage"], [laneArn(scope, stage, partner, "webhooks")]),
    allow("secretsmanager", ["GetSecretValue"], [partnerSecretArn(scope, stage, partner)]),
    allowItems(scope, stage, partner, "connections", ["GetItem"]),
    allowObjects(["PutObject"], [claimCheckArn(scope, stage, "bodies", partner)]),
  ];
}
