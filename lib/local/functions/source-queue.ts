import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { queueRecord, type QueueRecord } from "./queue-event.ts";

/** The queue behind a mapping, with the rights of the function's role, as on AWS. */
export interface SourceQueue {
  /** At most 10 messages; waits up to `waitSeconds` for the first. */
  receive(countMax: number, waitSeconds: number): Promise<readonly QueueRecord[]>;
  delete(records: readonly QueueRecord[]): Promise<void>;
}

export interface SourceQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html
const batchEntriesMax = 10;

export function openSourceQueue({ client, queueUrl, queueArn, region }: SourceQueueOptions): SourceQueue {
  return {
    async receive(countMax, waitSeconds) {
      const { Messages } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: Math.min(countMax, batchEntriesMax),
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      return (Messages ?? []).map((message) => queueRecord(message, queueArn, region));
    },
    async delete(records) {
      for (const chunk of chunksOf(records, batchEntriesMax)) {
        const { Failed } = await client.send(
          new DeleteMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: chunk.map((record, index) => ({ Id: String(index), ReceiptHandle: record.receiptHandle })),
          }),
        );
        const first = Failed?.[0];
        if (first !== undefined)
          throw new Error(
            `${Failed?.length} handled messages of ${queueArn} were not deleted (${first.Code}) and will come again.`,
          );
      }
    },
  };
}

function chunksOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
