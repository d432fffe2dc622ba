import { randomUUID } from "node:crypto";
import type { InvocationResult, StreamRecord } from "../types.ts";

export interface StreamFailureFacts {
  readonly functionArn: string;
  readonly records: readonly StreamRecord[];
  readonly attempts: number;
  readonly result: InvocationResult;
  readonly nowMs: number;
}

/**
 * The message for a mapping's failure destination. As on AWS it says where the records are, not what they are.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export function streamFailure({ functionArn, records, attempts, result, nowMs }: StreamFailureFacts): object {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) throw new Error("A batch without records cannot have failed.");
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn: `${functionArn}:$LATEST`,
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: attempts,
    },
    responseContext: {
      statusCode: 200,
      executedVersion: "$LATEST",
      functionError: result.kind === "threw" ? "Unhandled" : result.kind,
    },
    version: "1.0",
    timestamp: new Date(nowMs).toISOString(),
    DDBStreamBatchInfo: {
      shardId: "shardId-local",
      startSequenceNumber: first.dynamodb.SequenceNumber,
      endSequenceNumber: last.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: arrival(first),
      approximateArrivalOfLastRecord: arrival(last),
      batchSize: records.length,
      streamArn: first.eventSourceARN,
    },
  };
}

function arrival(record: StreamRecord): string {
  return new Date(record.dynamodb.ApproximateCreationDateTime * 1000).toISOString();
}
