import * as z from "zod";
import { generatedName } from "../physical-name.ts";
import { policyDocument, resourceStatements } from "../policy-document.ts";
import { flag, ignored, integer, jsonText, tags } from "../properties.ts";
import { named, resourceType } from "../resource-type.ts";

export const queue = resourceType({
  type: "AWS::SQS::Queue",
  schema: z.strictObject({
    QueueName: z.string().optional(),
    DelaySeconds: integer.optional(),
    MaximumMessageSize: integer.optional(),
    MessageRetentionPeriod: integer.optional(),
    ReceiveMessageWaitTimeSeconds: integer.optional(),
    VisibilityTimeout: integer.optional(),
    RedrivePolicy: jsonText.optional(),
    RedriveAllowPolicy: jsonText.optional(),
    FifoQueue: flag.optional(),
    ContentBasedDeduplication: flag.optional(),
    KmsMasterKeyId: z.string().optional(),
    KmsDataKeyReusePeriodSeconds: ignored("data keys are not cached here"),
    SqsManagedSseEnabled: ignored("the data folder is as private as its owner keeps it"),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("QueueName") ?? generatedName(stack, logicalId, 80);
    const arn = `arn:aws:sqs:${region}:${account}:${name}`;
    const url = `https://sqs.${region}.amazonaws.com/${account}/${name}`;
    return { name, ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  },
  add(draft, { identity, properties }) {
    const {
      QueueName: _name,
      Tags: _tags,
      SqsManagedSseEnabled: _managed,
      KmsDataKeyReusePeriodSeconds: _reuse,
      ...settings
    } = properties;
    const attributes = Object.entries(settings).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)] as const],
    );
    draft.queues.push({
      name: identity.name,
      arn: identity.attributes["Arn"] ?? "",
      attributes: Object.fromEntries(attributes),
    });
  },
});

export const queuePolicy = resourceType({
  type: "AWS::SQS::QueuePolicy",
  schema: z.strictObject({ Queues: z.array(z.string()), PolicyDocument: policyDocument }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 256)),
  add(draft, { properties, account, region }) {
    const statements = resourceStatements(properties.PolicyDocument);
    for (const url of properties.Queues) {
      const name = url.slice(url.lastIndexOf("/") + 1);
      draft.resourcePolicies.push({ resourceArn: `arn:aws:sqs:${region}:${account}:${name}`, statements });
    }
  },
});
