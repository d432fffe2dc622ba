import type * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { Lane } from "../engine/job.ts";
import { claimCheckArn, deadLetterQueueArn, laneArn, partnerSecretArn } from "./arns.ts";
import { allow, allowKey, allowPartnerIndex, allowPartnerItems } from "./grants.ts";
import type { Stage } from "./stage.ts";

/** What Lambda's poller needs of a queue, in the name of the function behind it. */
const receive = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];

/** For the function behind a lane: calls the partner, keeps records, sends its own lane's jobs again, gives up. */
export function consumerGrants(scope: Construct, stage: Stage, partner: string, lane: Lane): iam.PolicyStatement[] {
  const ownLane = laneArn(scope, stage, partner, lane);
  return [
    allow("sqs", [...receive, "SendMessage"], [ownLane]),
    allow("sqs", ["SendMessage"], [deadLetterQueueArn(scope, stage, partner)]),
    allowPartnerItems(
      scope,
      stage,
      partner,
      "connections",
      lane === "imports" ? ["GetItem", "UpdateItem"] : ["GetItem"],
    ),
    allowPartnerItems(scope, stage, partner, "records", ["GetItem", "BatchGetItem", "UpdateItem", "Query"]),
    allowPartnerIndex(scope, stage, partner, "records", "digests"),
    allowPartnerItems(scope, stage, partner, "token-buckets", ["GetItem", "UpdateItem"]),
    allowPartnerItems(scope, stage, partner, "failures", ["GetItem", "UpdateItem"]),
    ...(lane === "imports" ? [allowPartnerItems(scope, stage, partner, "runs", ["GetItem", "UpdateItem"])] : []),
    allow("s3", ["GetObject", "PutObject"], claimChecksOf(scope, stage, partner)),
    allowKey(scope, stage, [partner], ["Decrypt"]),
  ];
}

/** Starts what is due and nudges what stands still; never calls the partner. */
export function fanOutGrants(scope: Construct, stage: Stage, partner: string): iam.PolicyStatement[] {
  return [
    allow("sqs", ["SendMessage"], [laneArn(scope, stage, partner, "imports")]),
    allowPartnerItems(scope, stage, partner, "connections", ["GetItem", "UpdateItem"]),
    allowPartnerIndex(scope, stage, partner, "connections", "due"),
    allowPartnerItems(scope, stage, partner, "runs", ["GetItem", "PutItem", "UpdateItem"]),
    allowPartnerIndex(scope, stage, partner, "runs", "active"),
  ];
}

/** Takes the dead-letter queue to the failures table. */
export function archiveGrants(scope: Construct, stage: Stage, partner: string): iam.PolicyStatement[] {
  return [
    allow("sqs", receive, [deadLetterQueueArn(scope, stage, partner)]),
    allowPartnerItems(scope, stage, partner, "failures", ["GetItem", "UpdateItem"]),
    allow("s3", ["PutObject"], [claimCheckArn(scope, stage, "bodies", partner)]),
  ];
}

/** At the open door: reads one secret and one connection, writes one message or one large body. */
export function ingestGrants(scope: Construct, stage: Stage, partner: string): iam.PolicyStatement[] {
  return [
    allow("sqs", ["SendMessage"], [laneArn(scope, stage, partner, "webhooks")]),
    allow("secretsmanager", ["GetSecretValue"], [partnerSecretArn(scope, stage, partner)]),
    allowPartnerItems(scope, stage, partner, "connections", ["GetItem"]),
    allow("s3", ["PutObject"], [claimCheckArn(scope, stage, "bodies", partner)]),
  ];
}

function claimChecksOf(scope: Construct, stage: Stage, partner: string): string[] {
  return [claimCheckArn(scope, stage, "bodies", partner), claimCheckArn(scope, stage, "records", partner)];
}
