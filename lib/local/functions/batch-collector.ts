import type { Clock } from "../clock.ts";
import { requestBytesMax } from "./limits.ts";
import type { QueueRecord } from "./queue-event.ts";

export interface BatchCollectorOptions {
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Longest wait of one poll for its first message. */
  readonly pollWaitSeconds: number;
  readonly receive: (countMax: number, waitSeconds: number) => Promise<readonly QueueRecord[]>;
  readonly clock: Clock;
}

// For the envelope around the records and the commas between them.
const recordsBytesMax = requestBytesMax - 1024;

/**
 * Gathers a batch as Lambda does: it ends when it is full, when the window since its first message is over, or when one
 * more message would pass the payload limit; that message begins the next batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
 */
export function createBatchCollector(options: BatchCollectorOptions): () => Promise<readonly QueueRecord[]> {
  const { batchSize, windowSeconds, pollWaitSeconds, receive, clock } = options;
  let leftOver: readonly QueueRecord[] = [];

  return async () => {
    const first = leftOver.length > 0 ? leftOver : await receive(batchSize, pollWaitSeconds);
    const windowEndsMs = clock.nowMs() + windowSeconds * 1000;
    const gathered = [...first];
    while (gathered.length > 0 && gathered.length < batchSize && fitting(gathered) === gathered.length) {
      const remainingMs = windowEndsMs - clock.nowMs();
      if (remainingMs <= 0) break;
      const waitSeconds = Math.min(pollWaitSeconds, Math.ceil(remainingMs / 1000));
      gathered.push(...(await receive(batchSize - gathered.length, waitSeconds)));
    }
    const count = Math.min(fitting(gathered), batchSize);
    leftOver = gathered.slice(count);
    return gathered.slice(0, count);
  };
}

/** How many of the records fit one invocation; at least one, so that an oversized one fails instead of standing in the way. */
function fitting(records: readonly QueueRecord[]): number {
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes > recordsBytesMax) return Math.max(index, 1);
  }
  return records.length;
}
