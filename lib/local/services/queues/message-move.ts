import { randomUUID } from "node:crypto";
import { AwsError } from "../../front-door/aws-error.ts";
import type { Fauxqs, FauxqsMessage, FauxqsQueue } from "./fauxqs.ts";
import { sourcesOf } from "./queue-requirements.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * StartMessageMoveTask: moves what is visible in a dead letter queue to where it came from, or to the destination given, all
 * at once and in one transaction. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export function moveMessages(fauxqs: Fauxqs, input: Json): Json {
  const source = queueAt(fauxqs, input["SourceArn"]);
  const origins = sourcesOf(source.arn, fauxqs.queues);
  if (origins.length === 0) {
    throw new AwsError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.");
  }
  const given = input["DestinationArn"] === undefined ? null : queueAt(fauxqs, input["DestinationArn"]);
  source.processTimers();
  const moved = source.messages;
  source.messages = [];
  const unmoved: FauxqsMessage[] = [];
  fauxqs.persistence.transaction(() => {
    for (const message of moved) {
      const destination =
        given ?? fauxqs.queues.getQueueByArn(message.extras?.deadLetterQueueSourceArn ?? origins[0] ?? "");
      if (destination === undefined) unmoved.push(message);
      else move(fauxqs, destination, message);
    }
  });
  source.messages = [...unmoved, ...source.messages];
  return { TaskHandle: Buffer.from(randomUUID()).toString("base64") };
}

/** A moved message starts over: its receives are counted anew. */
function move(fauxqs: Fauxqs, destination: FauxqsQueue, message: FauxqsMessage): void {
  fauxqs.persistence.deleteMessage(message.messageId);
  const { deadLetterQueueSourceArn: _origin, ...extras } = message.extras ?? {};
  const fresh = { approximateReceiveCount: 0, approximateFirstReceiveTimestamp: undefined };
  destination.enqueue(Object.assign(message, fresh, { extras }));
}

function queueAt(fauxqs: Fauxqs, arn: unknown): FauxqsQueue {
  const queue = typeof arn === "string" ? fauxqs.queues.getQueueByArn(arn) : undefined;
  if (queue !== undefined) return queue;
  throw new AwsError("ResourceNotFoundException", `The queue ${String(arn)} does not exist.`, 404);
}
