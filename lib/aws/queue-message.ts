import type { Job } from "../engine/job.ts";
import { deadLetterQueueNameFor, laneQueueNameFor } from "../engine/names.ts";
import type { Environment } from "./environment.ts";

/** One SendMessage, whoever signs it. */
export interface QueueMessage {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly DelaySeconds: number;
  /** On a standard queue this makes it fair: one connection's flood does not hold up the others. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html */
  readonly MessageGroupId?: string;
}

/** SQS delays no message longer. */
const delayMsMax = 900_000;

/** Throws on a delay that SQS does not take. */
export function laneMessage(environment: Environment, job: Job, delayMs: number): QueueMessage {
  if (!(delayMs >= 0 && delayMs <= delayMsMax))
    throw new Error(`a lane delays from 0 to ${delayMsMax} ms, not ${delayMs}`);
  return {
    QueueUrl: environment.queueBaseUrl + laneQueueNameFor(environment.stage, job.partner, job.lane),
    MessageBody: queueText(JSON.stringify(job)),
    DelaySeconds: Math.ceil(delayMs / 1000),
    ...groupOf(job),
  };
}

export function deadLetterMessage(environment: Environment, job: Job, letter: string): QueueMessage {
  return {
    QueueUrl: environment.queueBaseUrl + deadLetterQueueNameFor(environment.stage, job.partner),
    MessageBody: queueText(letter),
    DelaySeconds: 0,
    ...groupOf(job),
  };
}

function groupOf(job: Job): Pick<QueueMessage, "MessageGroupId"> {
  return job.connectionId === null ? {} : { MessageGroupId: job.connectionId };
}

/**
 * SQS takes what XML takes, and of that JSON leaves two characters as they are; stand-ins for it refuse emoji as well.
 * As JSON's own escapes all of them pass: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
function queueText(json: string): string {
  return json.replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}
