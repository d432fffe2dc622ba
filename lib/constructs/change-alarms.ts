import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { changesDeadLetterQueueNameFor, functionNameFor } from "../engine/names.ts";
import { alarmPeriod, makeAlarm } from "./alarm.ts";
import type { Stage } from "./stage.ts";

/** A stream keeps its records for a day: what is not read by then is gone. */
const iteratorAgeMsMax = Duration.minutes(15).toMilliseconds();

/** The history falls behind, or a change could not be taken to it. */
export function makeChangeAlarms(scope: Construct, stage: Stage): void {
  makeAlarm(scope, "ChangesBehind", {
    stage,
    name: "changes-behind",
    description:
      "The records' stream is read more than 15 minutes late, and keeps a day. See the log of change-publish.",
    metric: new cloudwatch.Metric({
      namespace: "AWS/Lambda",
      metricName: "IteratorAge",
      dimensionsMap: { FunctionName: functionNameFor(stage.name, "change-publish") },
      statistic: "Maximum",
      period: alarmPeriod,
    }),
    above: iteratorAgeMsMax,
  });
  makeAlarm(scope, "ChangesLost", {
    stage,
    name: "changes-not-published",
    description:
      "Changes of records could not be taken to their history. Their positions in the stream are in the queue.",
    metric: new cloudwatch.Metric({
      namespace: "AWS/SQS",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensionsMap: { QueueName: changesDeadLetterQueueNameFor(stage.name) },
      statistic: "Maximum",
      period: alarmPeriod,
    }),
    above: 0,
  });
}
