import * as z from "zod";
import { streamArnOf } from "../../services/tables/stream-arn.ts";
import { generatedName } from "../physical-name.ts";
import { policyDocument, resourceStatements } from "../policy-document.ts";
import { decimal, flag, ignored, tags } from "../properties.ts";
import type { TableModel } from "../../types.ts";
import { type NamingContext, resourceType } from "../resource-type.ts";
import type { ResourceIdentity } from "../resolver.ts";

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));
const projection = z.strictObject({
  ProjectionType: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
  NonKeyAttributes: z.array(z.string()).optional(),
});
const provisioned = z.strictObject({ ReadCapacityUnits: decimal, WriteCapacityUnits: decimal });
const insights = ignored("there are no contributor insights here");
const throughput = ignored("nothing is throttled by capacity here");
const index = z.strictObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: projection,
  ProvisionedThroughput: provisioned.optional(),
  OnDemandThroughput: throughput,
  WarmThroughput: throughput,
  ContributorInsightsSpecification: insights,
});
const common = {
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) })),
  KeySchema: keySchema,
  BillingMode: z.enum(["PAY_PER_REQUEST", "PROVISIONED"]).optional(),
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
  StreamSpecification: z
    .strictObject({ StreamViewType: z.literal("NEW_AND_OLD_IMAGES"), ResourcePolicy: z.never().optional() })
    .optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string().optional(), Enabled: flag }).optional(),
  OnDemandThroughput: throughput,
  WarmThroughput: throughput,
};
type Common = z.infer<z.ZodObject<typeof common>>;

const backups = ignored("there are no backups of a data folder");
const protection = ignored("a table goes when its data folder is deleted");

export const table = resourceType({
  type: "AWS::DynamoDB::Table",
  schema: z.strictObject({
    ...common,
    ProvisionedThroughput: provisioned.optional(),
    SSESpecification: z
      .strictObject({ SSEEnabled: flag, SSEType: z.string().optional(), KMSMasterKeyId: z.string().optional() })
      .optional(),
    ContributorInsightsSpecification: insights,
    DeletionProtectionEnabled: protection,
    PointInTimeRecoverySpecification: backups,
    ResourcePolicy: z.strictObject({ PolicyDocument: policyDocument }).optional(),
    TableClass: ignored("storage has one price here"),
    Tags: tags,
  }),
  identify: identifyTable,
  add(draft, { identity, properties }) {
    const resourceArn = identity.attributes["Arn"] ?? "";
    const statements = properties.ResourcePolicy && resourceStatements(properties.ResourcePolicy.PolicyDocument);
    if (statements !== undefined) draft.resourcePolicies.push({ resourceArn, statements });
    const kmsKeyId = properties.SSESpecification?.KMSMasterKeyId ?? null;
    draft.tables.push(tableModel(identity.name, identity.attributes, properties, kmsKeyId));
  },
});

export const globalTable = resourceType({
  type: "AWS::DynamoDB::GlobalTable",
  schema: z.strictObject({
    ...common,
    Replicas: z
      .array(
        z.strictObject({
          Region: z.string(),
          DeletionProtectionEnabled: protection,
          PointInTimeRecoverySpecification: backups,
          ContributorInsightsSpecification: insights,
          GlobalSecondaryIndexes: ignored("an index's settings in a region are about its capacity and insights"),
          TableClass: ignored("storage has one price here"),
          Tags: tags,
        }),
      )
      .length(1, "the local stack has one region"),
    WriteOnDemandThroughputSettings: throughput,
    SSESpecification: z.strictObject({ SSEEnabled: flag, SSEType: z.string().optional() }).optional(),
  }),
  identify: identifyTable,
  add(draft, { identity, properties }) {
    draft.tables.push(tableModel(identity.name, identity.attributes, properties, null));
  },
});

function identifyTable(context: NamingContext): ResourceIdentity {
  const { stack, logicalId, account, region, property } = context;
  const name = property("TableName") ?? generatedName(stack, logicalId, 255);
  const attributes = {
    Arn: `arn:aws:dynamodb:${region}:${account}:table/${name}`,
    StreamArn: streamArnOf({ account, region }, name),
  };
  return { name, ref: name, attributes };
}

function tableModel(
  name: string,
  attributes: Readonly<Record<string, string>>,
  properties: Common,
  kmsKeyId: string | null,
): TableModel {
  const { TimeToLiveSpecification: timeToLive, StreamSpecification: stream } = properties;
  const indexesOf = (indexes: Common["GlobalSecondaryIndexes"]) =>
    indexes?.map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));
  const createInput = {
    TableName: name,
    AttributeDefinitions: properties.AttributeDefinitions,
    KeySchema: properties.KeySchema,
    // Capacity is not metered here, so every table is on demand.
    BillingMode: "PAY_PER_REQUEST",
    ...(properties.GlobalSecondaryIndexes
      ? { GlobalSecondaryIndexes: indexesOf(properties.GlobalSecondaryIndexes) }
      : {}),
    ...(properties.LocalSecondaryIndexes ? { LocalSecondaryIndexes: indexesOf(properties.LocalSecondaryIndexes) } : {}),
    ...(stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } } : {}),
    ...(kmsKeyId === null ? {} : { SSESpecification: { Enabled: true, KMSMasterKeyId: kmsKeyId } }),
  };
  return {
    name,
    arn: attributes["Arn"] ?? "",
    streamArn: stream ? (attributes["StreamArn"] ?? null) : null,
    timeToLiveAttribute: timeToLive?.Enabled === true ? (timeToLive.AttributeName ?? null) : null,
    createInput,
  };
}
