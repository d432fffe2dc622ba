import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { prefixFor } from "../engine/names.ts";
import { alarmTopicArn } from "./arns.ts";
import type { Stage } from "./stage.ts";

export const alarmPeriod = Duration.minutes(5);

export interface AlarmProps {
  readonly stage: Stage;
  /** What follows the stage's prefix in the alarm's name. */
  readonly name: string;
  /** What happened and where to look first, for whoever gets the mail. */
  readonly description: string;
  readonly metric: cloudwatch.IMetric;
  /** Rings above this. */
  readonly above: number;
  /** Periods of the metric in a row; one unless said otherwise. */
  readonly periods?: number;
  /** Silence rings too: what reports every minute has stopped. */
  readonly silenceRings?: boolean;
}

/** Rings the stage's topic and says when it is over. Quiet queues and functions report nothing, and that is well. */
export function makeAlarm(scope: Construct, id: string, props: AlarmProps): cloudwatch.Alarm {
  const alarm = new cloudwatch.Alarm(scope, id, {
    alarmName: `${prefixFor(props.stage.name)}-${props.name}`,
    alarmDescription: props.description,
    metric: props.metric,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold: props.above,
    evaluationPeriods: props.periods ?? 1,
    treatMissingData:
      props.silenceRings === true ? cloudwatch.TreatMissingData.BREACHING : cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const action = { bind: () => ({ alarmActionArn: alarmTopicArn(scope, props.stage) }) };
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}
