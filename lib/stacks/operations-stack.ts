import { Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { alarmPeriod, makeAlarm } from "../constructs/alarm.ts";
import { makeAlarmTopic } from "../constructs/alarm-topic.ts";
import { makeChangeAlarms } from "../constructs/change-alarms.ts";
import { makeCredentialAlarm } from "../constructs/credential-alarm.ts";
import { makeDashboard } from "../constructs/dashboard.ts";
import type { Stage } from "../constructs/stage.ts";
import { makeSyncAlarm } from "../constructs/sync-alarm.ts";
import { stackNameOf, stackPropsOf } from "./stack-props.ts";

/** What people look at and are woken by. */
export class OperationsStack extends Stack {
  constructor(scope: Construct, stage: Stage) {
    super(scope, stackNameOf(stage, "Operations"), stackPropsOf(stage, "Operations"));
    makeAlarmTopic(this, "AlarmTopic", stage);
    makeAlarm(this, "Throttles", {
      stage,
      name: "throttles",
      description:
        "Lambda refused invocations in this account and region: its concurrency is used up. Ask for more, or see what runs away.",
      // Of the account, not of each function: it is the account's limit that all functions share.
      metric: new cloudwatch.Metric({
        namespace: "AWS/Lambda",
        metricName: "Throttles",
        statistic: "Sum",
        period: alarmPeriod,
      }),
      above: 0,
      periods: 3,
    });
    makeChangeAlarms(this, stage);
    makeSyncAlarm(this, stage);
    makeCredentialAlarm(this, stage);
    makeDashboard(this, "Dashboard", stage);
  }
}
