import * as z from "zod";
import { generatedName } from "../physical-name.ts";
import { type ResourceType, resourceType } from "../resource-type.ts";

/** Types of which nothing runs here, each with its reason; other resources may still refer to them. */
const reasons: Readonly<Record<string, string>> = {
  "AWS::CDK::Metadata": "counts uses of CDK constructs for AWS",
  "AWS::Logs::LogGroup": "logs go to the local stack's own log",
  "AWS::Logs::MetricFilter": "there are no metrics here",
  "AWS::Logs::QueryDefinition": "there are no log queries here",
  "AWS::CloudWatch::Alarm": "alarms watch a deployed stage",
  "AWS::CloudWatch::CompositeAlarm": "alarms watch a deployed stage",
  "AWS::CloudWatch::Dashboard": "dashboards show a deployed stage",
  "AWS::ApiGatewayV2::DomainName": "the local address is the only one",
  "AWS::ApiGatewayV2::ApiMapping": "the local address is the only one",
};

export const ignoredTypes: readonly ResourceType[] = Object.entries(reasons).map(([type, reason]) =>
  resourceType({
    type,
    schema: z.record(z.string(), z.unknown()).describe(reason),
    identify: ({ stack, logicalId, account, region, property }) => {
      const nameProperty = nameProperties[type];
      const name = (nameProperty && property(nameProperty)) ?? generatedName(stack, logicalId, 255);
      const arns: Readonly<Record<string, string>> = {
        "AWS::Logs::LogGroup": `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
        "AWS::CloudWatch::Alarm": `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
        "AWS::CloudWatch::CompositeAlarm": `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
      };
      const arn = arns[type];
      const domain = { RegionalDomainName: `${name}.local`, RegionalHostedZoneId: "LOCAL" };
      const more = type === "AWS::ApiGatewayV2::DomainName" ? domain : {};
      return { name, ref: name, attributes: { ...more, ...(arn === undefined ? {} : { Arn: arn }) } };
    },
    add() {},
  }),
);

/** The types that are ignored as a whole, with the reason of each. */
export const ignoredTypeReasons = reasons;

const nameProperties: Readonly<Record<string, string>> = {
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::CloudWatch::Alarm": "AlarmName",
  "AWS::CloudWatch::CompositeAlarm": "AlarmName",
  "AWS::CloudWatch::Dashboard": "DashboardName",
  "AWS::ApiGatewayV2::DomainName": "DomainName",
};
