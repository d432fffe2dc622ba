import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Lane } from "../engine/job.ts";
import { alarmPeriod, makeAlarm } from "./alarm.ts";
import type { PartnerFunctions } from "./partner-functions.ts";
import type { PartnerQueues } from "./partner-queues.ts";
import type { Stage } from "./stage.ts";

// A job that waits its turn is sent again and so is young: an old message is one that nobody takes.
const lanePatience = { webhooks: Duration.minutes(15), imports: Duration.hours(1) } as const;

/** Below so many webhooks in a period a share says nothing: each that fails rings as given up anyway. */
const webhooksCountedMin = 20;
const webhooksPeriod = Duration.minutes(15);
const failedPercentMax = 5;

/**
 * What a person should hear of one partner. Alarms are paid by the metric, so consumers have none for their errors: what
 * they fail at comes back to the lane and grows old, or gives up, and rings there.
 */
export class PartnerAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly stage: Stage;
      readonly partner: string;
      /** The driver takes webhooks. */
      readonly hasWebhooks: boolean;
      readonly queues: PartnerQueues;
      readonly functions: PartnerFunctions;
    },
  ) {
    super(scope, id);
    const { stage, partner, queues, functions } = parts;
    makeAlarm(this, "GivenUp", {
      stage,
      name: `${partner}-given-up`,
      description: `Jobs of ${partner} gave up. See the failures of ${partner}, mend the cause, replay them.`,
      metric: queues.deadLetters.metricNumberOfMessagesDeleted({ period: alarmPeriod }),
      above: 0,
    });
    makeAlarm(this, "DeadLetters", {
      stage,
      name: `${partner}-dead-letters`,
      description: `${partner}'s dead-letter queue is not emptied into the failures table. See the log of failure-archive.`,
      metric: queues.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: alarmPeriod,
        statistic: "Minimum",
      }),
      above: 0,
      periods: 2,
    });
    for (const lane of ["webhooks", "imports"] as const) this.makeAgeAlarm(stage, partner, queues, lane);
    if (parts.hasWebhooks) this.makeWebhooksAlarm(stage, partner);
    makeAlarm(this, "Errors", {
      stage,
      name: `${partner}-errors`,
      description: `import-fan-out or failure-archive of ${partner} fails: imports do not start, or failures are not kept. See their logs.`,
      metric: sumOfErrors([functions.fanOut, functions.archive]),
      above: 0,
      periods: 2,
    });
    // Each invocation reports its errors, none included: so one metric tells of failing, and its absence of not running.
    makeAlarm(this, "Control", {
      stage,
      name: `${partner}-control`,
      description: `partner-control of ${partner} does not run or fails: a lane is not consumed, or a mapping is not as it should be. See its log, and docs/runbooks/partner-held.md.`,
      metric: functions.control.metricErrors({ period: Duration.minutes(1) }),
      above: 0,
      periods: 3,
      silenceRings: true,
    });
  }

  private makeWebhooksAlarm(stage: Stage, partner: string): void {
    makeAlarm(this, "WebhooksFailed", {
      stage,
      name: `${partner}-webhooks-failed`,
      description: `More than ${failedPercentMax} % of ${partner}'s webhooks were given up. See the failures of ${partner}, mend the cause, replay them.`,
      metric: new cloudwatch.MathExpression({
        expression: `IF(FILL(received, 0) >= ${webhooksCountedMin}, 100 * FILL(failed, 0) / received, 0)`,
        label: "failed, %",
        usingMetrics: {
          received: counted(partner, "webhook-ingest", "WebhooksAccepted"),
          failed: counted(partner, "consume-webhooks", "WebhooksFailed"),
        },
        period: webhooksPeriod,
      }),
      above: failedPercentMax,
    });
  }

  private makeAgeAlarm(stage: Stage, partner: string, queues: PartnerQueues, lane: Lane): void {
    makeAlarm(this, `Age-${lane}`, {
      stage,
      name: `${partner}-${lane}-age`,
      description: `${partner}'s ${lane} lane is not worked: its oldest message is older than ${lanePatience[lane].toHumanString()}. See the log of consume-${lane}.`,
      metric: queues.lanes[lane].metricApproximateAgeOfOldestMessage({ period: alarmPeriod, statistic: "Maximum" }),
      above: lanePatience[lane].toSeconds(),
    });
  }
}

/** Of a partner's own metrics; what a stranger sends is refused and no webhook of the partner's. */
function counted(partner: string, service: string, metricName: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "Sluice",
    metricName,
    dimensionsMap: { service, partner },
    statistic: "Sum",
    period: webhooksPeriod,
  });
}

function sumOfErrors(functions: readonly lambda.Function[]): cloudwatch.MathExpression {
  const metrics = functions.map((each, index) => [`e${index}`, each.metricErrors({ period: alarmPeriod })] as const);
  return new cloudwatch.MathExpression({
    expression: `SUM([${metrics.map(([name]) => `FILL(${name}, 0)`).join(", ")}])`,
    label: "errors",
    usingMetrics: Object.fromEntries(metrics),
    period: alarmPeriod,
  });
}
