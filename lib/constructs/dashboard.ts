import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { lanes } from "../engine/job.ts";
import {
  deadLetterQueueNameFor,
  functionNameFor,
  laneQueueNameFor,
  prefixFor,
  tableNameFor,
  tableNames,
} from "../engine/names.ts";
import { alarmPeriod } from "./alarm.ts";
import type { Stage } from "./stage.ts";

const partnerFunctions = [
  "webhook-ingest",
  "consume-webhooks",
  "consume-imports",
  "import-fan-out",
  "failure-archive",
  "partner-control",
];

/** One page of the stage: what waits, what gave up, what fails, what is held back. Every metric is found by name. */
export function makeDashboard(scope: Construct, id: string, stage: Stage): void {
  const dashboard = new cloudwatch.Dashboard(scope, id, { dashboardName: prefixFor(stage.name) });
  const partners = stage.partners.map((driver) => driver.name);
  dashboard.addWidgets(
    graph(
      "Oldest message of each lane, seconds",
      laneMetrics(stage, partners, "ApproximateAgeOfOldestMessage", "Maximum"),
    ),
    graph("Messages waiting", laneMetrics(stage, partners, "ApproximateNumberOfMessagesVisible", "Maximum")),
  );
  dashboard.addWidgets(
    graph(
      "Jobs given up",
      partners.map((partner) => givenUp(stage, partner)),
    ),
    graph("Functions that failed", [...partners.map((partner) => errorsOf(stage, partner)), errorsOfApi(stage)]),
  );
  dashboard.addWidgets(
    graph(
      "Webhooks received",
      partners.map((partner) => counted(partner, "webhook-ingest", "WebhooksAccepted")),
    ),
    graph(
      "Webhooks given up, and not taken",
      partners.flatMap((partner) => [
        counted(partner, "consume-webhooks", "WebhooksFailed"),
        counted(partner, "webhook-ingest", "WebhooksUnavailable"),
      ]),
    ),
    graph("Webhooks rejected, by partner and reason", [rejected()]),
  );
  dashboard.addWidgets(
    graph(
      "Webhook answer, p99 ms",
      partners.map((partner) => ingestDuration(stage, partner)),
    ),
    graph(
      "Tables: requests refused for want of capacity",
      tableNames.flatMap((table) => throttlesOf(tableNameFor(stage.name, table))),
    ),
  );
}

function graph(title: string, metrics: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left: metrics, width: 12, height: 6, leftYAxis: { min: 0 } });
}

function laneMetrics(
  stage: Stage,
  partners: readonly string[],
  metricName: string,
  statistic: string,
): cloudwatch.IMetric[] {
  return partners.flatMap((partner) =>
    lanes.map((lane) => {
      const queue = laneQueueNameFor(stage.name, partner, lane);
      return metric("AWS/SQS", metricName, { QueueName: queue }, statistic, `${partner} ${lane}`);
    }),
  );
}

function givenUp(stage: Stage, partner: string): cloudwatch.IMetric {
  const queue = deadLetterQueueNameFor(stage.name, partner);
  return metric("AWS/SQS", "NumberOfMessagesDeleted", { QueueName: queue }, "Sum", partner);
}

function counted(partner: string, service: string, name: string): cloudwatch.IMetric {
  return metric("Sluice", name, { service, partner }, "Sum", `${partner} ${name}`);
}

/** Its reasons are not known by name, so they are searched for. */
function rejected(): cloudwatch.IMetric {
  const expression = `SEARCH('{Sluice,kind,partner,service} MetricName="WebhooksRejected"', 'Sum', ${alarmPeriod.toSeconds()})`;
  return new cloudwatch.MathExpression({ expression, label: "", usingMetrics: {}, period: alarmPeriod });
}

function errorsOf(stage: Stage, partner: string): cloudwatch.IMetric {
  // Names of metrics in an expression start with a lower-case letter and hold no dash.
  const name = partner.replaceAll("-", "_");
  const metrics = partnerFunctions.map(
    (each, index) => [`${name}_${index}`, functionErrors(functionNameFor(stage.name, each, partner))] as const,
  );
  return new cloudwatch.MathExpression({
    expression: `SUM([${metrics.map(([id]) => `FILL(${id}, 0)`).join(", ")}])`,
    label: partner,
    usingMetrics: Object.fromEntries(metrics),
    period: alarmPeriod,
  });
}

function errorsOfApi(stage: Stage): cloudwatch.IMetric {
  return functionErrors(functionNameFor(stage.name, "console-api"));
}

function functionErrors(name: string): cloudwatch.IMetric {
  return metric("AWS/Lambda", "Errors", { FunctionName: name }, "Sum", name);
}

function ingestDuration(stage: Stage, partner: string): cloudwatch.IMetric {
  const name = functionNameFor(stage.name, "webhook-ingest", partner);
  return metric("AWS/Lambda", "Duration", { FunctionName: name }, "p99", partner);
}

function throttlesOf(table: string): cloudwatch.IMetric[] {
  return ["ReadThrottleEvents", "WriteThrottleEvents"].map((name) =>
    metric("AWS/DynamoDB", name, { TableName: table }, "Sum", `${table} ${name}`),
  );
}

function metric(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  statistic: string,
  label: string,
): cloudwatch.Metric {
  return new cloudwatch.Metric({ namespace, metricName, dimensionsMap, statistic, label, period: alarmPeriod });
}
