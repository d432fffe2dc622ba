import { describe, expect, test } from "vitest";
import * as z from "zod";
import { account, region, render, renderText } from "./support/render.ts";
import { ofType, templateOf } from "./support/resources.ts";
import { statementsOf } from "./support/roles.ts";
import { synth, type Template } from "./support/synth.ts";

const templates = synth({ partners: ["acme", "globex"] });
const template = templateOf(templates, "Sluice-dev-Operations");

describe("alarm topic", () => {
  const [topic, ...others] = ofType(template, "AWS::SNS::Topic");

  test("is the one that every alarm of every stack rings", () => {
    expect(others).toEqual([]);
    const arn = `arn:aws:sns:${region}:${account}:${String(topic?.[1].Properties["TopicName"])}`;
    const alarms = [...templates.values()].flatMap((each) =>
      ofType(each, "AWS::CloudWatch::Alarm").map(([, alarm]) => render(each, alarm.Properties["AlarmActions"])),
    );
    // Seven a partner, the API's, the account's throttles, two of the records' stream, the imports', the credentials'.
    expect(alarms).toHaveLength(20);
    expect(new Set(alarms.flat())).toEqual(new Set([arn]));
  });

  test("lets alarms publish: by its own policy and by that of the key it is encrypted with", () => {
    const alias = renderText(template, topic?.[1].Properties["KmsMasterKeyId"]);
    expect(alias).toBe(`arn:aws:kms:${region}:${account}:alias/sluice-dev`);
    const state = templateOf(templates, "Sluice-dev-State");
    const [key] = ofType(state, "AWS::KMS::Key");
    const alarms = { Service: "cloudwatch.amazonaws.com" };
    const onKey = statementsOf(state, key?.[1].Properties["KeyPolicy"]).find((each) => equal(each.Principal, alarms));
    expect(onKey).toMatchObject({ Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey"] });
    const [policy] = ofType(template, "AWS::SNS::TopicPolicy");
    const statements = statementsOf(template, policy?.[1].Properties["PolicyDocument"]);
    expect(statements.find((each) => equal(each.Principal, alarms))).toMatchObject({
      Effect: "Allow",
      Action: ["sns:Publish"],
      Condition: { StringEquals: { "aws:SourceAccount": [account] } },
    });
  });
});

test("throttling rings once, for the account, whose limit it is", () => {
  const alarms = ofType(template, "AWS::CloudWatch::Alarm").filter(
    ([, each]) => each.Properties["MetricName"] === "Throttles",
  );
  const [alarm, ...others] = alarms;
  expect(others).toEqual([]);
  expect(alarm?.[1].Properties).toMatchObject({ Namespace: "AWS/Lambda", MetricName: "Throttles", Threshold: 0 });
  expect(alarm?.[1].Properties).not.toHaveProperty("Dimensions");
});

test("imports that want a person ring once, for the stage, from where they are counted", () => {
  const alarm = ofType(template, "AWS::CloudWatch::Alarm").find(([id]) => id.startsWith("SyncAlerts"));
  const text = JSON.stringify(render(template, alarm?.[1].Properties["Metrics"]));
  for (const service of ["import-fan-out", "consume-imports"])
    expect(text).toContain(JSON.stringify([{ Name: "service", Value: service }]));
  expect([text.split('"MetricName":"SyncAlerts"').length - 1, alarm?.[1].Properties["Threshold"]]).toEqual([2, 0]);
});

test("credentials that want a person ring once, for the stage, from where they are counted", () => {
  const alarm = ofType(template, "AWS::CloudWatch::Alarm").find(([id]) => id.startsWith("CredentialAlerts"));
  const text = JSON.stringify(render(template, alarm?.[1].Properties["Metrics"]));
  for (const service of ["partner-control", "consume-webhooks", "consume-imports", "console-api"])
    expect(text).toContain(JSON.stringify([{ Name: "service", Value: service }]));
  const counted = text.split('"MetricName":"CredentialAlerts"').length - 1;
  expect([counted, alarm?.[1].Properties["Threshold"]]).toEqual([4, 0]);
});

describe("dashboard", () => {
  const Body = z.object({
    widgets: z.array(z.object({ properties: z.object({ title: z.string(), metrics: z.array(z.unknown()) }) })),
  });
  const widgetsOf = (operations: Template) => {
    const [dashboard, ...others] = ofType(operations, "AWS::CloudWatch::Dashboard");
    expect(others).toEqual([]);
    return Body.parse(JSON.parse(renderText(operations, dashboard?.[1].Properties["DashboardBody"]))).widgets;
  };

  test("shows every partner's lanes, give-ups, errors and answers", () => {
    const shown = JSON.stringify(widgetsOf(template));
    for (const partner of ["acme", "globex"]) {
      for (const name of [
        "webhooks",
        "imports",
        "dlq",
        "webhook-ingest",
        "consume-webhooks",
        "consume-imports",
        "import-fan-out",
        "failure-archive",
      ]) {
        expect(shown.includes(`"sluice-dev-${partner}-${name}"`)).toBe(true);
      }
    }
    expect(shown.includes('"sluice-dev-records"')).toBe(true);
  });

  test("names only what there is", () => {
    const there = new Set(
      [...templates.values()].flatMap((each) =>
        Object.values(each.Resources).flatMap(({ Properties }) =>
          ["QueueName", "FunctionName", "TableName"].map((key) => Properties[key]),
        ),
      ),
    );
    const named = JSON.stringify(widgetsOf(template)).match(/"sluice-dev-[a-z-]+"/g) ?? [];
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !there.has(JSON.parse(name)))).toEqual([]);
  });

  test("stays within what CloudWatch takes, with forty partners", () => {
    const partners = Array.from({ length: 40 }, (_, index) => `partner-${index}`);
    const widgets = widgetsOf(templateOf(synth({ partners }), "Sluice-dev-Operations"));
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    for (const widget of widgets) expect(widget.properties.metrics.length).toBeLessThanOrEqual(500);
    expect(widgets.reduce((sum, widget) => sum + widget.properties.metrics.length, 0)).toBeLessThanOrEqual(2500);
  });
});

function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
