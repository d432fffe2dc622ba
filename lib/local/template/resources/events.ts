import * as z from "zod";
import { generatedName } from "../physical-name.ts";
import { policyDocument, resourceStatements } from "../policy-document.ts";
import { ignored, integer, tags } from "../properties.ts";
import { named, resourceType } from "../resource-type.ts";

export const eventBus = resourceType({
  type: "AWS::Events::EventBus",
  schema: z.strictObject({
    Name: z.string(),
    Description: ignored("nobody reads it here"),
    KmsKeyIdentifier: ignored("the data folder is as private as its owner keeps it"),
    Tags: tags,
  }),
  identify: ({ account, region, property }) => {
    const name = property("Name") ?? "";
    return {
      name,
      ref: name,
      attributes: { Name: name, Arn: `arn:aws:events:${region}:${account}:event-bus/${name}` },
    };
  },
  add(draft, { identity }) {
    draft.buses.push({ name: identity.name, arn: identity.attributes["Arn"] ?? "" });
  },
});

export const eventBusPolicy = resourceType({
  type: "AWS::Events::EventBusPolicy",
  schema: z.strictObject({ EventBusName: z.string().optional(), StatementId: z.string(), Statement: z.unknown() }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 64)),
  add(draft, { properties, account, region }) {
    const document = policyDocument.parse({ Statement: properties.Statement });
    const busArn = `arn:aws:events:${region}:${account}:event-bus/${properties.EventBusName ?? "default"}`;
    draft.resourcePolicies.push({ resourceArn: busArn, statements: resourceStatements(document) });
  },
});

const retryPolicy = z
  .strictObject({ MaximumRetryAttempts: integer.optional(), MaximumEventAgeInSeconds: integer.optional() })
  .optional();
const deadLetters = z.strictObject({ Arn: z.string().optional() }).optional();

const ruleTarget = z.strictObject({
  Id: z.string(),
  Arn: z.string(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  RoleArn: ignored("a rule reaches queues and functions of the same stack without a role"),
  RetryPolicy: ignored("a local target takes an event or refuses it for good"),
  DeadLetterConfig: ignored("a local target takes an event or refuses it for good"),
});

export const rule = resourceType({
  type: "AWS::Events::Rule",
  schema: z.strictObject({
    Name: z.string().optional(),
    Description: ignored("nobody reads it here"),
    EventBusName: z.string().optional(),
    EventPattern: z.record(z.string(), z.unknown()).optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(["ENABLED", "DISABLED"]).optional(),
    Targets: z.array(ruleTarget).default([]),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("Name") ?? generatedName(stack, logicalId, 64);
    const bus = property("EventBusName") ?? "default";
    const path = bus === "default" ? name : `${bus}/${name}`;
    const ref = bus === "default" ? name : `${bus}|${name}`;
    return { name, ref, attributes: { Arn: `arn:aws:events:${region}:${account}:rule/${path}` } };
  },
  add(draft, { identity, properties }) {
    if (properties.ScheduleExpression !== undefined) {
      throw new Error(
        "property ScheduleExpression: rules on a schedule are not run here; use AWS::Scheduler::Schedule",
      );
    }
    draft.rules.push({
      name: identity.name,
      busName: properties.EventBusName ?? "default",
      pattern: properties.EventPattern ?? null,
      scheduleExpression: null,
      enabled: properties.State !== "DISABLED",
      targets: properties.Targets.map(({ Id: id, Arn: arn, Input: input, InputPath: inputPath }) => ({
        id,
        arn,
        input: input ?? null,
        inputPath: inputPath ?? null,
      })),
    });
  },
});

export const scheduleGroup = resourceType({
  type: "AWS::Scheduler::ScheduleGroup",
  schema: z.strictObject({ Name: z.string().optional(), Tags: tags }),
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("Name") ?? generatedName(stack, logicalId, 64);
    return { name, ref: name, attributes: { Arn: `arn:aws:scheduler:${region}:${account}:schedule-group/${name}` } };
  },
  // Schedules name their group; a group has nothing else.
  add() {},
});

export const schedule = resourceType({
  type: "AWS::Scheduler::Schedule",
  schema: z.strictObject({
    Name: z.string().optional(),
    GroupName: z.string().optional(),
    Description: ignored("nobody reads it here"),
    ScheduleExpression: z.string(),
    ScheduleExpressionTimezone: z.string().optional(),
    State: z.enum(["ENABLED", "DISABLED"]).optional(),
    FlexibleTimeWindow: ignored("a local schedule fires at the start of its window"),
    KmsKeyArn: ignored("the data folder is as private as its owner keeps it"),
    Target: z.strictObject({
      Arn: z.string(),
      RoleArn: z.string(),
      Input: z.string().optional(),
      RetryPolicy: retryPolicy,
      DeadLetterConfig: deadLetters,
    }),
  }),
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("Name") ?? generatedName(stack, logicalId, 64);
    const group = property("GroupName") ?? "default";
    return { name, ref: name, attributes: { Arn: `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}` } };
  },
  add(draft, { identity, properties }) {
    const { Target: target, GroupName: groupName, ScheduleExpressionTimezone: timezone } = properties;
    const deadLetterQueueArn = target.DeadLetterConfig?.Arn;
    draft.schedules.push({
      name: identity.name,
      expression: properties.ScheduleExpression,
      targetArn: target.Arn,
      roleArn: target.RoleArn,
      input: target.Input ?? null,
      enabled: properties.State !== "DISABLED",
      retry: {
        maximumRetryAttempts: target.RetryPolicy?.MaximumRetryAttempts ?? 185,
        maximumEventAgeSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
      },
      ...(groupName === undefined ? {} : { groupName }),
      ...(timezone === undefined ? {} : { timezone }),
      ...(deadLetterQueueArn === undefined ? {} : { deadLetterQueueArn }),
    });
  },
});
