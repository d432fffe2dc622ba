import { Duration } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { changesDeadLetterQueueNameFor } from "../engine/names.ts";
import { acknowledge } from "./acknowledge.ts";
import { claimCheckArn, tableArn } from "./arns.ts";
import { allow, allowObjects } from "./grants.ts";
import { SluiceFunction } from "./sluice-function.ts";
import type { Stage } from "./stage.ts";

const retriesMax = 10;

/** Takes the records' stream to their history: in order, at least once, poison cut out by halves and put aside. */
export class ChangePublisher extends Construct {
  constructor(scope: Construct, id: string, stage: Stage, records: dynamodb.Table) {
    super(scope, id);
    const streamArn = records.tableStreamArn;
    if (streamArn === undefined) throw new Error("the records table has no stream");
    const deadLetters = new sqs.Queue(this, "DeadLetters", {
      queueName: changesDeadLetterQueueNameFor(stage.name),
      retentionPeriod: Duration.days(14),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    acknowledge(deadLetters, {
      "AwsSolutions-SQS3": "It is a dead-letter queue itself: of a stream's mapping, where cdk-nag does not look.",
    });
    const publisher = new SluiceFunction(this, "Function", {
      stage,
      name: "change-publish",
      lambda: "change-publish",
      timeoutSeconds: 60,
      memoryMb: 256,
      grants: [
        allow("dynamodb", ["DescribeStream", "GetRecords", "GetShardIterator"], [streamArn]),
        {
          ...allow("dynamodb", ["ListStreams"], ["*"]),
          wildcardReason:
            "ListStreams knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
        },
        allow("dynamodb", ["PutItem"], [tableArn(this, stage, "history")]),
        allow("sqs", ["SendMessage"], [deadLetters.queueArn]),
        allowObjects(["GetObject"], [claimCheckArn(this, stage, "records", "*")]),
      ],
    });
    new lambda.EventSourceMapping(this, "Mapping", {
      target: publisher.function,
      eventSourceArn: streamArn,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      retryAttempts: retriesMax,
      reportBatchItemFailures: true,
      // CDK's own destination would add a policy beside the role; the grant is above.
      onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
    });
  }
}
