import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { writeDeadLetter } from "../engine/dead-letter.ts";
import { laneQueueNameFor } from "../engine/names.ts";
import type { LaneGauge, Lanes } from "../engine/ports.ts";
import type { Environment } from "./environment.ts";
import { deadLetterMessage, laneMessage } from "./queue-message.ts";

export function createLanes(environment: Environment, client: () => SQSClient): Lanes & LaneGauge {
  return {
    async send(job, delayMs) {
      await client().send(new SendMessageCommand(laneMessage(environment, job, delayMs)));
    },

    async giveUp(job, why) {
      await client().send(new SendMessageCommand(deadLetterMessage(environment, job, writeDeadLetter(job, why))));
    },

    async depth(partner, lane) {
      const answer = await client().send(
        new GetQueueAttributesCommand({
          QueueUrl: environment.queueBaseUrl + laneQueueNameFor(environment.stage, partner, lane),
          AttributeNames: [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
          ],
        }),
      );
      const counts = answer.Attributes ?? {};
      return {
        waiting: Number(counts["ApproximateNumberOfMessages"] ?? 0),
        inFlight: Number(counts["ApproximateNumberOfMessagesNotVisible"] ?? 0),
        delayed: Number(counts["ApproximateNumberOfMessagesDelayed"] ?? 0),
      };
    },
  };
}
