import type { QueueModel } from "../../types.ts";
import type { Fauxqs } from "../queues/fauxqs.ts";
import type { QueueService } from "../queues/queue-service.ts";

/** What a queue has when its template says nothing: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const defaults: Readonly<Record<string, string>> = {
  DelaySeconds: "0",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  ReceiveMessageWaitTimeSeconds: "0",
  VisibilityTimeout: "30",
  RedrivePolicy: "",
  KmsMasterKeyId: "",
};

/** Makes the queues that are missing; those that are there keep their messages and get the template's attributes. */
export function provisionQueues(
  fauxqs: Fauxqs,
  service: QueueService,
  account: string,
  queues: readonly QueueModel[],
): void {
  for (const model of queues) {
    const existing = fauxqs.queues.getQueueByArn(model.arn);
    if (existing !== undefined) {
      existing.setAttributes({ ...defaults, ...model.attributes });
      continue;
    }
    // The host is replaced in every answer by the one the caller came by.
    const url = `http://127.0.0.1/${account}/${model.name}`;
    service.attach(fauxqs.queues.createQueue(model.name, url, model.arn, { ...model.attributes }));
  }
}
