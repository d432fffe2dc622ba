import { describe, expect, test } from "vitest";
import * as z from "zod";
import { standingCalls } from "../../lib/engine/cost/standing-calls.ts";
import { silentDriver } from "./support/drivers.ts";
import { physicalName, render, renderText } from "./support/render.ts";
import { ofType, templateOf } from "./support/resources.ts";
import { synth, type Resource, type Template } from "./support/synth.ts";

const Environment = z.object({ Variables: z.record(z.string(), z.unknown()) });
const templates = synth({ partners: ["acme"] });
const template = templateOf(templates, "Sluice-dev-Partner-acme");

const byName = (type: string) =>
  new Map(ofType(template, type).map(([id, resource]) => [physicalName(template, id), resource]));
const queues = byName("AWS::SQS::Queue");
const functions = byName("AWS::Lambda::Function");
const alarms = byName("AWS::CloudWatch::Alarm");
const mappings = ofType(template, "AWS::Lambda::EventSourceMapping").map(([, { Properties }]) => ({
  queue: renderText(template, Properties["EventSourceArn"]).split(":").at(-1) ?? "",
  consumer: renderText(template, Properties["FunctionName"]),
  properties: Properties,
}));

describe("queues", () => {
  test("are two lanes and one for dead letters, encrypted, for messages of up to 1 MiB", () => {
    expect([...queues.keys()].toSorted()).toEqual([
      "sluice-dev-acme-dlq",
      "sluice-dev-acme-imports",
      "sluice-dev-acme-webhooks",
    ]);
    for (const queue of queues.values()) {
      expect(queue.Properties).toMatchObject({ SqsManagedSseEnabled: true, MaximumMessageSize: 1024 ** 2 });
    }
  });

  test("lanes give up after ten receives, to the partner's own dead-letter queue", () => {
    for (const lane of ["sluice-dev-acme-webhooks", "sluice-dev-acme-imports"]) {
      const redrive = render(template, queues.get(lane)?.Properties["RedrivePolicy"]);
      expect(redrive).toEqual({
        maxReceiveCount: 10,
        deadLetterTargetArn: "arn:aws:sqs:eu-west-1:111122223333:sluice-dev-acme-dlq",
      });
    }
    expect(queues.get("sluice-dev-acme-dlq")?.Properties).not.toHaveProperty("RedrivePolicy");
  });

  test("lanes keep a message 7 days, the dead-letter queue 14: a move keeps the message's age", () => {
    const days = [...queues].map(([name, queue]) => [
      name.split("-").at(-1),
      Number(queue.Properties["MessageRetentionPeriod"]) / 86_400,
    ]);
    expect(Object.fromEntries(days)).toEqual({ webhooks: 7, imports: 7, dlq: 14 });
  });

  test("hide a message for at least six time-outs of the function behind them", () => {
    expect(mappings).toHaveLength(3);
    for (const { queue, consumer } of mappings) {
      const visibility = Number(queues.get(queue)?.Properties["VisibilityTimeout"]);
      const timeout = Number(functions.get(consumer)?.Properties["Timeout"]);
      expect(timeout).toBeGreaterThan(0);
      expect(visibility).toBeGreaterThanOrEqual(6 * timeout);
    }
  });
});

describe("functions", () => {
  test("are fed each by its queue", () => {
    const fed = Object.fromEntries(mappings.map(({ queue, consumer }) => [queue, consumer]));
    expect(fed).toEqual({
      "sluice-dev-acme-webhooks": "sluice-dev-acme-consume-webhooks",
      "sluice-dev-acme-imports": "sluice-dev-acme-consume-imports",
      "sluice-dev-acme-dlq": "sluice-dev-acme-failure-archive",
    });
  });

  test("answer for each message, and run at least two at a time", () => {
    for (const { properties } of mappings) {
      expect(properties["FunctionResponseTypes"]).toEqual(["ReportBatchItemFailures"]);
      // https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
      const { MaximumConcurrency } = z.object({ MaximumConcurrency: z.int() }).parse(properties["ScalingConfig"]);
      expect(MaximumConcurrency).toBeGreaterThanOrEqual(2);
      expect(MaximumConcurrency).toBeLessThanOrEqual(1000);
    }
  });

  test("take one message a batch where runs are pushed", () => {
    const sizes = Object.fromEntries(mappings.map(({ queue, properties }) => [queue, properties["BatchSize"]]));
    expect(sizes).toMatchObject({ "sluice-dev-acme-imports": 1, "sluice-dev-acme-webhooks": 10 });
    for (const { properties } of mappings) expect(properties["MaximumBatchingWindowInSeconds"] ?? 0).toBe(0);
  });

  test("may feed their own queue where jobs are sent again, and nowhere else", () => {
    const allowed = [...functions]
      .filter(([, each]) => each.Properties["RecursiveLoop"] === "Allow")
      .map(([name]) => name);
    expect(allowed.toSorted()).toEqual([
      "sluice-dev-acme-consume-imports",
      "sluice-dev-acme-consume-webhooks",
      "sluice-dev-acme-emergency-work",
    ]);
    for (const each of functions.values()) expect(each.Properties["RecursiveLoop"] ?? "Allow").toBe("Allow");
  });

  test("the emergency one ends before the API's gateway gives up, and nothing feeds it", () => {
    const name = "sluice-dev-acme-emergency-work";
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    expect(Number(functions.get(name)?.Properties["Timeout"])).toBeLessThan(29);
    expect(mappings.map(({ consumer }) => consumer)).not.toContain(name);
  });

  test("run on Node 24 on arm64, with a log group of their own that forgets", () => {
    const groups = byName("AWS::Logs::LogGroup");
    expect(functions.size).toBe(6);
    for (const [name, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Handler: "index.handler" });
      expect(groups.get(`/aws/lambda/${name}`)?.Properties["RetentionInDays"]).toBe(14);
      expect(render(template, Properties["LoggingConfig"])).toMatchObject({ LogGroup: `/aws/lambda/${name}` });
    }
  });

  test("are told stage, partner, queues, bucket and key, and no sandbox", () => {
    for (const [name, { Properties }] of functions) {
      const { Variables } = Environment.parse(render(template, Properties["Environment"]));
      const { SLUICE_MAPPINGS: mappings, ...shared } = Variables;
      expect(mappings !== undefined).toBe(name.endsWith("-partner-control"));
      expect(shared).toEqual({
        SLUICE_STAGE: "dev",
        SLUICE_PARTNER: "acme",
        SLUICE_QUEUE_BASE_URL: "https://sqs.eu-west-1.amazonaws.com/111122223333/",
        SLUICE_CLAIM_BUCKET: "sluice-dev-claim-checks-111122223333-eu-west-1",
        SLUICE_KEY_ID: "arn:aws:kms:eu-west-1:111122223333:alias/sluice-dev",
        POWERTOOLS_SERVICE_NAME: name.slice("sluice-dev-acme-".length),
        POWERTOOLS_METRICS_NAMESPACE: "Sluice",
        POWERTOOLS_LOG_LEVEL: "INFO",
        NODE_OPTIONS: "--enable-source-maps",
      });
    }
  });
});

test("partner-control is told the mappings of the lanes, each by its lane", () => {
  const { Variables } = z
    .object({ Variables: z.object({ SLUICE_MAPPINGS: z.string() }) })
    .parse(render(template, functions.get("sluice-dev-acme-partner-control")?.Properties["Environment"]));
  const idOf = (queue: string) =>
    ofType(template, "AWS::Lambda::EventSourceMapping").find(([, { Properties }]) =>
      renderText(template, Properties["EventSourceArn"]).endsWith(queue),
    )?.[0];
  expect(JSON.parse(Variables.SLUICE_MAPPINGS)).toEqual({
    webhooks: idOf("sluice-dev-acme-webhooks"),
    imports: idOf("sluice-dev-acme-imports"),
  });
});

describe.each(["import-fan-out", "partner-control"])("the schedule of %s", (name) => {
  const arn = `arn:aws:lambda:eu-west-1:111122223333:function:sluice-dev-acme-${name}`;
  const all = ofType(template, "AWS::Scheduler::Schedule");
  const [schedule, ...others] = all.filter(([, { Properties }]) => Properties["Name"] === `sluice-dev-acme-${name}`);

  test("calls it every minute, in the partner's group, and lets a missed minute go", () => {
    expect([others, all.length]).toEqual([[], 2]);
    expect(render(template, schedule?.[1].Properties)).toMatchObject({
      ScheduleExpression: "rate(1 minute)",
      GroupName: "sluice-dev-acme",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Arn: arn,
        RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 },
      },
    });
    expect([schedule?.[1].DependsOn].flat()).toEqual([ofType(template, "AWS::Scheduler::ScheduleGroup")[0]?.[0]]);
  });

  test("does not pile up failed invocations", () => {
    const configs = ofType(template, "AWS::Lambda::EventInvokeConfig").map(([, each]) =>
      render(template, each.Properties),
    );
    expect(configs).toContainEqual(
      expect.objectContaining({
        FunctionName: `sluice-dev-acme-${name}`,
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
      }),
    );
  });
});

describe("alarms", () => {
  const names = ["given-up", "dead-letters", "webhooks-age", "imports-age", "webhooks-failed", "errors", "control"];

  test("ring and end on the stage's topic, and take silence for well, but for what reports every minute", () => {
    expect([...alarms.keys()].toSorted()).toEqual(names.map((name) => `sluice-dev-acme-${name}`).toSorted());
    for (const [name, { Properties }] of alarms) {
      const topic = ["arn:aws:sns:eu-west-1:111122223333:sluice-dev-alarms"];
      expect(render(template, Properties)).toMatchObject({
        AlarmActions: topic,
        OKActions: topic,
        TreatMissingData: name === "sluice-dev-acme-control" ? "breaching" : "notBreaching",
      });
      expect(String(Properties["AlarmDescription"]).length).toBeGreaterThan(40);
    }
  });

  test.each([
    ["given-up", "NumberOfMessagesDeleted", "sluice-dev-acme-dlq", "Sum", 0],
    ["dead-letters", "ApproximateNumberOfMessagesVisible", "sluice-dev-acme-dlq", "Minimum", 0],
    ["webhooks-age", "ApproximateAgeOfOldestMessage", "sluice-dev-acme-webhooks", "Maximum", 900],
    ["imports-age", "ApproximateAgeOfOldestMessage", "sluice-dev-acme-imports", "Maximum", 3600],
  ])("%s looks at %s of %s", (name, MetricName, queue, Statistic, Threshold) => {
    expect(render(template, alarms.get(`sluice-dev-acme-${name}`)?.Properties)).toMatchObject({
      Namespace: "AWS/SQS",
      MetricName,
      Statistic,
      Threshold,
      ComparisonOperator: "GreaterThanThreshold",
      Dimensions: [{ Name: "QueueName", Value: queue }],
    });
  });

  test("errors adds up the functions whose failing shows nowhere else", () => {
    const watched = JSON.stringify(render(template, alarms.get("sluice-dev-acme-errors")?.Properties));
    expect(watched).toContain("sluice-dev-acme-import-fan-out");
    expect(watched).toContain("sluice-dev-acme-failure-archive");
    expect(watched).toContain("FILL(e0, 0)");
  });

  test("control looks at every minute's errors of partner-control", () => {
    expect(render(template, alarms.get("sluice-dev-acme-control")?.Properties)).toMatchObject({
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Period: 60,
      EvaluationPeriods: 3,
      Dimensions: [{ Name: "FunctionName", Value: "sluice-dev-acme-partner-control" }],
    });
  });

  test("failed webhooks ring as a share of what was received, where there are enough to have one", () => {
    const { Metrics, ...alarm } = alarms.get("sluice-dev-acme-webhooks-failed")?.Properties ?? {};
    expect(alarm).toMatchObject({ Threshold: 5, ComparisonOperator: "GreaterThanThreshold", EvaluationPeriods: 1 });
    const of = (service: string, MetricName: string) => ({
      Metric: {
        Namespace: "Sluice",
        MetricName,
        // The dimensions that the functions write it with, all of them and no more: others are another metric.
        Dimensions: [
          { Name: "partner", Value: "acme" },
          { Name: "service", Value: service },
        ],
      },
      Period: 900,
      Stat: "Sum",
    });
    expect(render(template, Metrics)).toEqual([
      expect.objectContaining({ Expression: "IF(FILL(received, 0) >= 20, 100 * FILL(failed, 0) / received, 0)" }),
      { Id: "received", MetricStat: of("webhook-ingest", "WebhooksAccepted"), ReturnData: false },
      { Id: "failed", MetricStat: of("consume-webhooks", "WebhooksFailed"), ReturnData: false },
    ]);
  });

  test("a partner without webhooks has no share of them", () => {
    const silent = templateOf(synth({ partners: [silentDriver("quiet")] }), "Sluice-dev-Partner-quiet");
    const ofSilent = ofType(silent, "AWS::CloudWatch::Alarm").map(([, { Properties }]) => Properties["AlarmName"]);
    expect(ofSilent).toContain("sluice-dev-quiet-given-up");
    expect(ofSilent).not.toContain("sluice-dev-quiet-webhooks-failed");
  });

  test("cost at most nine metrics a partner", () => {
    expect(alarmedMetrics([template])).toBeLessThanOrEqual(9);
  });
});

test("what stands is what the cost model prices, a partner's and the stage's", () => {
  const { partner, stage } = standingCalls({ pollers: 2 });
  const others = [...templates.values()].filter((each) => each !== template);
  const standing = (all: readonly Template[]) => {
    const count = (type: string): number => all.reduce((sum, each) => sum + ofType(each, type).length, 0);
    return {
      alarmMonths: alarmedMetrics(all),
      secretMonths: count("AWS::SecretsManager::Secret"),
      keyMonths: count("AWS::KMS::Key"),
      dashboardMonths: count("AWS::CloudWatch::Dashboard"),
    };
  };
  expect(standing([template])).toEqual({ keyMonths: 0, dashboardMonths: 0, ...partner.calls });
  expect(standing(others)).toEqual(stage.calls);
});

test("the secret's first value is what functions expect, with a generated key", () => {
  const [secret, ...others] = ofType(template, "AWS::SecretsManager::Secret");
  expect(others).toEqual([]);
  expect(secret?.[1].Properties["Name"]).toBe("sluice-dev/partners/acme");
  const generated = secret?.[1].Properties["GenerateSecretString"];
  expect(generated).toMatchObject({
    GenerateStringKey: "connectionKey",
    SecretStringTemplate: '{"webhookSecrets":[],"app":{}}',
    ExcludePunctuation: true,
  });
});

function alarmedMetrics(all: readonly Template[]): number {
  const found = all.flatMap((each) => ofType(each, "AWS::CloudWatch::Alarm"));
  return found.reduce((sum, [, alarm]) => sum + metricsOf(alarm), 0);
}

/** What CloudWatch bills: an alarm's metrics, expressions over them apart. */
function metricsOf(alarm: Resource): number {
  const metrics = alarm.Properties["Metrics"];
  if (!Array.isArray(metrics)) return 1;
  return metrics.filter((each: unknown) => typeof each === "object" && each !== null && "MetricStat" in each).length;
}
