import * as z from "zod";
import { generatedName } from "../physical-name.ts";
import { policyDocument, resourceStatements } from "../policy-document.ts";
import { ignored, tags } from "../properties.ts";
import { named, resourceType } from "../resource-type.ts";

export const topic = resourceType({
  type: "AWS::SNS::Topic",
  schema: z.strictObject({
    TopicName: z.string().optional(),
    DisplayName: ignored("nobody is mailed from here"),
    KmsMasterKeyId: ignored("the data folder is as private as its owner keeps it"),
    Subscription: ignored("nobody is mailed from here"),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("TopicName") ?? generatedName(stack, logicalId, 256);
    const arn = `arn:aws:sns:${region}:${account}:${name}`;
    return { name, ref: arn, attributes: { TopicName: name, TopicArn: arn } };
  },
  add(draft, { identity }) {
    draft.topics.push({ name: identity.name, arn: identity.ref });
  },
});

export const topicPolicy = resourceType({
  type: "AWS::SNS::TopicPolicy",
  schema: z.strictObject({ Topics: z.array(z.string()), PolicyDocument: policyDocument }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 256)),
  add(draft, { properties }) {
    const statements = resourceStatements(properties.PolicyDocument);
    for (const resourceArn of properties.Topics) draft.resourcePolicies.push({ resourceArn, statements });
  },
});

export const subscription = resourceType({
  type: "AWS::SNS::Subscription",
  schema: z.strictObject({
    TopicArn: z.string(),
    Protocol: z.enum(["email", "email-json", "sms", "https"], "the local stack delivers no subscriptions"),
    Endpoint: ignored("nobody is mailed from here"),
    Region: ignored("there is one region"),
  }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 256)),
  // People outside the machine are told nothing by a local stack.
  add() {},
});
