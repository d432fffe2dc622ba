import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { alarmPeriod, makeAlarm } from "./alarm.ts";
import type { Stage } from "./stage.ts";

/** Where it is counted: late imports as they fall due, what the end of a run says by whoever ended it. */
const services = ["import-fan-out", "consume-imports"] as const;

/** One for the stage: alarms are paid by the metric, and which partner it is stands in the sync status and in the log. */
export function makeSyncAlarm(scope: Construct, stage: Stage): void {
  makeAlarm(scope, "SyncAlerts", {
    stage,
    name: "imports",
    description:
      "Imports have not succeeded for longer than they should, failed three times in a row, found twice or half of what " +
      "they found before, or parked more than a fifth of a page. " +
      'See "an import wants a person" in the logs of import-fan-out and consume-imports, and the connection\'s sync-status; ' +
      "of what was parked, sluice drift and docs/runbooks/drift.md.",
    metric: new cloudwatch.MathExpression({
      expression: "SUM([FILL(m0, 0), FILL(m1, 0)])",
      label: "sync alerts",
      usingMetrics: Object.fromEntries(services.map((service, index) => [`m${index}`, counted(service)])),
      period: alarmPeriod,
    }),
    above: 0,
  });
}

function counted(service: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "Sluice",
    metricName: "SyncAlerts",
    dimensionsMap: { service },
    statistic: "Sum",
    period: alarmPeriod,
  });
}
