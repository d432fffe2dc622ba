import type { Requirement, ServiceCall } from "../../front-door/door-request.ts";
import { textOf, unknownOperation } from "../../front-door/json-target.ts";
import { keyArnOf } from "../key-arn.ts";
import type { FauxqsStore } from "./fauxqs.ts";

/** The IAM action of each operation: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html */
const actions: Readonly<Record<string, string>> = {
  SendMessage: "sqs:SendMessage",
  SendMessageBatch: "sqs:SendMessage",
  ReceiveMessage: "sqs:ReceiveMessage",
  DeleteMessage: "sqs:DeleteMessage",
  DeleteMessageBatch: "sqs:DeleteMessage",
  ChangeMessageVisibility: "sqs:ChangeMessageVisibility",
  ChangeMessageVisibilityBatch: "sqs:ChangeMessageVisibility",
  GetQueueAttributes: "sqs:GetQueueAttributes",
  SetQueueAttributes: "sqs:SetQueueAttributes",
  GetQueueUrl: "sqs:GetQueueUrl",
  CreateQueue: "sqs:CreateQueue",
  DeleteQueue: "sqs:DeleteQueue",
  PurgeQueue: "sqs:PurgeQueue",
  ListQueues: "sqs:ListQueues",
  ListQueueTags: "sqs:ListQueueTags",
  TagQueue: "sqs:TagQueue",
  UntagQueue: "sqs:UntagQueue",
  StartMessageMoveTask: "sqs:StartMessageMoveTask",
  ListMessageMoveTasks: "sqs:ListMessageMoveTasks",
};

/** What an SQS call needs, and of the queue's own key when it has one. */
export function queueRequirements(
  call: ServiceCall,
  queues: FauxqsStore,
  account: string,
  region: string,
): Requirement[] {
  const { operation, input } = call;
  const action = actions[operation];
  if (action === undefined) throw unknownOperation(`SQS ${operation}`);
  const arnOf = (name: string): string => `arn:aws:sqs:${region}:${account}:${name}`;
  const needs = (wanted: string, resource: string): Requirement => ({ action: wanted, resource, context: {} });
  if (operation === "ListQueues") return [needs(action, arnOf("*"))];
  if (operation === "StartMessageMoveTask") return moveRequirements(input, queues);
  if (operation === "ListMessageMoveTasks") return [needs(action, String(input["SourceArn"]))];
  const name = textOf(input["QueueName"]) || queueNameOf(textOf(input["QueueUrl"]));
  const queue = queues.getQueueByName(name);
  const keyActions = queue === undefined ? [] : keyActionsOf(action);
  const keyId = queue?.attributes["KmsMasterKeyId"] ?? "";
  // The AWS managed key lets everybody use it who may use the queue.
  if (keyId === "" || keyId.includes("alias/aws/")) return [needs(action, arnOf(name))];
  const context = {
    "kms:viaservice": [`sqs.${region}.amazonaws.com`],
    "kms:calleraccount": [account],
    "kms:encryptioncontext:aws:sqs:arn": [arnOf(name)],
  };
  const keyArn = keyArnOf(keyId, account, region);
  return [
    needs(action, arnOf(name)),
    ...keyActions.map((keyAction) => ({ action: keyAction, resource: keyArn, context })),
  ];
}

export function queueNameOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html */
function keyActionsOf(action: string): string[] {
  if (action === "sqs:SendMessage") return ["kms:GenerateDataKey", "kms:Decrypt"];
  return action === "sqs:ReceiveMessage" ? ["kms:Decrypt"] : [];
}

/** A move reads and deletes at its source and sends to its destination, in the caller's name. */
function moveRequirements(input: Readonly<Record<string, unknown>>, queues: FauxqsStore): Requirement[] {
  const source = String(input["SourceArn"]);
  const destination = input["DestinationArn"];
  const atSource = ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
  const destinations = typeof destination === "string" ? [destination] : sourcesOf(source, queues);
  return [
    ...atSource.map((action) => ({ action, resource: source, context: {} })),
    ...destinations.map((resource) => ({ action: "sqs:SendMessage", resource, context: {} })),
  ];
}

/** The queues whose redrive policy names the dead letter queue. */
export function sourcesOf(deadLetterQueueArn: string, queues: FauxqsStore): string[] {
  return [...queues.allQueues()]
    .filter((queue) => (queue.attributes["RedrivePolicy"] ?? "").includes(`"${deadLetterQueueArn}"`))
    .map((queue) => queue.arn);
}
