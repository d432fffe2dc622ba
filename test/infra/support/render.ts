import type { Template } from "./synth.ts";

export const account = "111122223333";
export const region = "eu-west-1";

const pseudo: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::AccountId": account,
  "AWS::Region": region,
  "AWS::URLSuffix": "amazonaws.com",
};

/** A value of a template as it would be deployed: intrinsics give way to strings. Throws on what it does not know. */
export function render(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => render(template, item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (only !== undefined && entries.length === 1 && (only[0] === "Ref" || only[0].startsWith("Fn::"))) {
    return renderIntrinsic(template, only[0], only[1]);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, render(template, item)]));
}

export function renderText(template: Template, value: unknown): string {
  const rendered = render(template, value);
  if (typeof rendered !== "string") throw new Error(`not a text: ${JSON.stringify(value)}`);
  return rendered;
}

function renderIntrinsic(template: Template, name: string, argument: unknown): unknown {
  if (name === "Ref" && typeof argument === "string") {
    return pseudo[argument] ?? physicalName(template, argument);
  }
  if (name === "Fn::Join" && Array.isArray(argument)) {
    const parts: readonly unknown[] = argument;
    const [separator, joined] = parts;
    if (Array.isArray(joined)) return joined.map((part) => renderText(template, part)).join(String(separator));
  }
  if (name === "Fn::Sub" && typeof argument === "string") {
    return argument.replaceAll(/\$\{([^}]+)\}/g, (_, key: string) => pseudo[key] ?? physicalName(template, key));
  }
  if (name === "Fn::GetAtt" && Array.isArray(argument)) {
    const [logicalId, attribute] = argument.map(String);
    if (logicalId !== undefined && attribute === "Arn") return arnOf(template, logicalId);
    if (logicalId !== undefined && attribute === "QueueName") return physicalName(template, logicalId);
    return `${logicalId}.${attribute}`;
  }
  throw new Error(`no rendering for ${name} ${JSON.stringify(argument)}`);
}

const nameProperty: Readonly<Record<string, string>> = {
  "AWS::SQS::Queue": "QueueName",
  "AWS::Lambda::Function": "FunctionName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::SecretsManager::Secret": "Name",
  "AWS::SNS::Topic": "TopicName",
  "AWS::Events::EventBus": "Name",
  "AWS::Scheduler::ScheduleGroup": "Name",
  "AWS::Scheduler::Schedule": "Name",
  "AWS::CloudWatch::Alarm": "AlarmName",
  "AWS::CloudWatch::Dashboard": "DashboardName",
  "AWS::KMS::Alias": "AliasName",
  "AWS::ApiGatewayV2::Api": "Name",
};

/** The name that a resource has in the account; its logical id where AWS makes one up. */
export function physicalName(template: Template, logicalId: string): string {
  const resource = template.Resources[logicalId];
  if (resource === undefined) throw new Error(`no resource ${logicalId}`);
  const property = nameProperty[resource.Type];
  const named = property === undefined ? undefined : resource.Properties[property];
  return named === undefined ? logicalId : renderText(template, named);
}

/** What names a resource in the account, by type and name; null where AWS makes the name up. */
export function givenName(template: Template, logicalId: string): string | null {
  const resource = template.Resources[logicalId];
  if (resource === undefined || nameProperty[resource.Type] === undefined) return null;
  return `${resource.Type} ${physicalName(template, logicalId)}`;
}

function arnOf(template: Template, logicalId: string): string {
  const type = template.Resources[logicalId]?.Type;
  const name = physicalName(template, logicalId);
  const place = `${region}:${account}`;
  switch (type) {
    case "AWS::SQS::Queue":
      return `arn:aws:sqs:${place}:${name}`;
    case "AWS::Lambda::Function":
      return `arn:aws:lambda:${place}:function:${name}`;
    case "AWS::Logs::LogGroup":
      return `arn:aws:logs:${place}:log-group:${name}:*`;
    case "AWS::IAM::Role":
      return `arn:aws:iam::${account}:role/${name}`;
    case "AWS::S3::Bucket":
      return `arn:aws:s3:::${name}`;
    case "AWS::KMS::Key":
      return `arn:aws:kms:${place}:key/${name}`;
    default:
      throw new Error(`no ARN for ${type} ${logicalId}`);
  }
}
