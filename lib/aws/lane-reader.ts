import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Lane } from "../engine/job.ts";
import type { LaneReader } from "../engine/lane-reader.ts";
import { laneQueueNameFor } from "../engine/names.ts";
import type { Environment } from "./environment.ts";

/** A long poll asks all of SQS's servers; it has to end well before the client's own time-out of five seconds. */
const waitSeconds = 2;

export function createLaneReader(environment: Environment, client: () => SQSClient): LaneReader {
  const urlOf = (partner: string, lane: Lane): string =>
    environment.queueBaseUrl + laneQueueNameFor(environment.stage, partner, lane);
  return {
    async receive(partner, lane, limit) {
      const { Messages = [] } = await client().send(
        new ReceiveMessageCommand({
          QueueUrl: urlOf(partner, lane),
          MaxNumberOfMessages: Math.min(10, limit),
          WaitTimeSeconds: waitSeconds,
        }),
      );
      return Messages.map(({ MessageId = "", Body = "", ReceiptHandle = "" }) => ({
        messageId: MessageId,
        body: Body,
        receipt: ReceiptHandle,
      }));
    },

    async remove(partner, lane, message) {
      await client().send(new DeleteMessageCommand({ QueueUrl: urlOf(partner, lane), ReceiptHandle: message.receipt }));
    },
  };
}
