import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { alarmPeriod, makeAlarm } from "./alarm.ts";
import type { Stage } from "./stage.ts";

/** Where it is counted: credentials by the hourly look, tokens by whoever renews them, the API's keys where they are used. */
const services = ["partner-control", "consume-webhooks", "consume-imports", "console-api"] as const;

/** One for the stage, as for imports: which partner, connection or key it is stands in the log. */
export function makeCredentialAlarm(scope: Construct, stage: Stage): void {
  makeAlarm(scope, "CredentialAlerts", {
    stage,
    name: "credentials",
    description:
      "A connection's credential or a key of the API ends within two weeks or has ended, a credential is older than a year, " +
      "or a token is renewed more than twice as often as its life implies. See the warnings in the logs of " +
      "partner-control, consume-webhooks, consume-imports and console-api, and docs/credentials.md.",
    metric: new cloudwatch.MathExpression({
      expression: `SUM([${services.map((_, index) => `FILL(m${index}, 0)`).join(", ")}])`,
      label: "credential alerts",
      usingMetrics: Object.fromEntries(services.map((service, index) => [`m${index}`, counted(service)])),
      period: alarmPeriod,
    }),
    above: 0,
  });
}

function counted(service: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: "Sluice",
    metricName: "CredentialAlerts",
    dimensionsMap: { service },
    statistic: "Sum",
    period: alarmPeriod,
  });
}
