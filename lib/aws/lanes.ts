import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { writeDeadLetter } from "../engine/dead-letter.ts";
import type { Lanes } from "../engine/ports.ts";
import type { Environment } from "./environment.ts";
import { deadLetterMessage, laneMessage } from "./queue-message.ts";

export function createLanes(environment: Environment, client: () => SQSClient): Lanes {
  return {
    async send(job, delayMs) {
      await client().send(new SendMessageCommand(laneMessage(environment, job, delayMs)));
    },

    async giveUp(job, why) {
      await client().send(new SendMessageCommand(deadLetterMessage(environment, job, writeDeadLetter(job, why))));
    },
  };
}
