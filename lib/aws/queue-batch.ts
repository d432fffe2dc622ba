import type { SQSBatchResponse } from "aws-lambda";
import * as z from "zod";
import { Job } from "../engine/job.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Log } from "../engine/ports.ts";

/** The message is nothing that this version sends; ten receives later it is in the dead-letter queue, as it is. */
export class NotAJob extends Error {
  constructor() {
    super("the message is no job of this version");
    this.name = "NotAJob";
  }
}

/** Throws `NotAJob`, without a word of what is in the message. */
export function readJob(record: QueueRecord): Job {
  let content: unknown;
  try {
    content = JSON.parse(record.body);
  } catch {
    throw new NotAJob();
  }
  const job = Job.safeParse(content);
  if (!job.success) throw new NotAJob();
  return job.data;
}

const QueueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });

export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
}

/** A mapping's batch is at most ten here, and its messages have nothing to do with one another. */
const atOnce = 10;

/**
 * Works a batch message by message. One that fails comes back after its visibility timeout, and alone: the others of its
 * batch are done. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export async function workBatch(
  event: unknown,
  log: Log,
  work: (record: QueueRecord) => Promise<void>,
): Promise<SQSBatchResponse> {
  const { Records } = QueueEvent.parse(event);
  const failed = await mapBounded(Records, atOnce, async (record) => {
    try {
      await work(record);
      return [];
    } catch (error) {
      log.error("a message failed; it comes back", { messageId: record.messageId, error });
      return [{ itemIdentifier: record.messageId }];
    }
  });
  return { batchItemFailures: failed.flat() };
}
