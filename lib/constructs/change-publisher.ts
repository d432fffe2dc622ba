import { Duration } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { changesDeadLetterQueueNameFor, eventBusNameFor } from "../engine/names.ts";
import type { TableName } from "../engine/names.ts";
import { acknowledge } from "./acknowledge.ts";
import { claimCheckArn, claimCheckBucketArn, eventBusArn, tableArn } from "./arns.ts";
import { allow, allowObjects } from "./grants.ts";
import { SluiceFunction } from "./sluice-function.ts";
import type { Stage } from "./stage.ts";

const retriesMax = 10;

/** The tables whose changes are told. */
export const toldTables = ["records", "connections", "failures"] as const satisfies readonly TableName[];

/** Takes the tables' streams to history and bus: in order, at least once, poison cut out by halves and put aside. */
export class ChangePublisher extends Construct {
  constructor(
    scope: Construct,
    id: string,
    stage: Stage,
    tables: Readonly<Record<(typeof toldTables)[number], dynamodb.Table>>,
  ) {
    super(scope, id);
    const streams = toldTables.map((name) => ({ name, arn: streamArnOf(tables[name]) }));
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
        allow(
          "dynamodb",
          ["DescribeStream", "GetRecords", "GetShardIterator"],
          streams.map(({ arn }) => arn),
        ),
        {
          ...allow("dynamodb", ["ListStreams"], ["*"]),
          wildcardReason:
            "ListStreams knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html",
        },
        // What comes too late for an erasure is removed again: a state, or the record itself.
        allow("dynamodb", ["PutItem", "Query", "BatchWriteItem"], [tableArn(this, stage, "history")]),
        allow("dynamodb", ["GetItem", "BatchWriteItem"], [tableArn(this, stage, "records")]),
        // Whose tenant a record's connection is.
        allow("dynamodb", ["GetItem"], [tableArn(this, stage, "connections")]),
        allow("events", ["PutEvents"], [eventBusArn(this, eventBusNameFor(stage.name))]),
        allow("sqs", ["SendMessage"], [deadLetters.queueArn]),
        allowObjects(["GetObject", "PutObject", "DeleteObject"], [claimCheckArn(this, stage, "records", "*")]),
        // Without it S3 says 403 of what was erased, as of what may not be read: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        allow("s3", ["ListBucket"], [claimCheckBucketArn(this, stage)]),
      ],
    });
    for (const { name, arn } of streams) {
      new lambda.EventSourceMapping(this, `Mapping-${name}`, {
        target: publisher.function,
        eventSourceArn: arn,
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
}

function streamArnOf(table: dynamodb.Table): string {
  if (table.tableStreamArn === undefined) throw new Error(`${table.node.id} has no stream`);
  return table.tableStreamArn;
}
