import { RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { tableNameFor, type TableName } from "../engine/names.ts";
import type { Stage } from "./stage.ts";

type AttributeType = "string" | "number";

export interface TableShape {
  readonly partitionKey: string;
  readonly sortKey?: { readonly name: string; readonly type: AttributeType };
  /** Attribute that holds an item's end, in seconds. */
  readonly expiry?: string;
  readonly stream?: boolean;
  readonly indexes?: readonly IndexShape[];
  /** What is in it stays: its own policy denies everybody to change or delete an item. */
  readonly appendOnly?: true;
}

export interface IndexShape {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: { readonly name: string; readonly type: AttributeType };
  /** Attributes beside the keys; absent is all of them, and an empty list is none. */
  readonly include?: readonly string[];
}

/**
 * A table on demand, restorable to any second of 35 days, kept and protected in prod. Encrypted with the key that AWS owns:
 * what is secret in it is sealed with the stage's key before it gets there (docs/decisions/0002).
 */
export function makeTable(
  scope: Construct,
  id: string,
  stage: Stage,
  name: TableName,
  shape: TableShape,
): dynamodb.Table {
  const prod = stage.settings.kind === "prod";
  const table = new dynamodb.Table(scope, id, {
    tableName: tableNameFor(stage.name, name),
    partitionKey: attribute(shape.partitionKey, "string"),
    ...(shape.sortKey && { sortKey: attribute(shape.sortKey.name, shape.sortKey.type) }),
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: prod,
    removalPolicy: prod ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...(shape.expiry !== undefined && { timeToLiveAttribute: shape.expiry }),
    ...(shape.appendOnly === true && { resourcePolicy: nothingChanges() }),
    ...(shape.stream === true && { stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES }),
  });
  for (const index of shape.indexes ?? []) {
    table.addGlobalSecondaryIndex({
      indexName: index.name,
      partitionKey: attribute(index.partitionKey, "string"),
      sortKey: attribute(index.sortKey.name, index.sortKey.type),
      ...projectionOf(index.include),
    });
  }
  return table;
}

/**
 * A denial that no role's grant outweighs. A put is left, and no policy can tell a new item from one that is there: whoever puts
 * does it on the condition that there is none.
 */
function nothingChanges(): iam.PolicyDocument {
  return new iam.PolicyDocument({
    statements: [
      new iam.PolicyStatement({
        sid: "NothingIsChangedOrDeleted",
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: ["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"].map(
          (action) => `dynamodb:${action}`,
        ),
        // The table that it is of: naming it here would be a reference to itself.
        resources: ["*"],
      }),
    ],
  });
}

function projectionOf(
  include: readonly string[] | undefined,
): Pick<dynamodb.GlobalSecondaryIndexProps, "projectionType" | "nonKeyAttributes"> {
  if (include === undefined) return { projectionType: dynamodb.ProjectionType.ALL };
  if (include.length === 0) return { projectionType: dynamodb.ProjectionType.KEYS_ONLY };
  return { projectionType: dynamodb.ProjectionType.INCLUDE, nonKeyAttributes: [...include] };
}

function attribute(name: string, type: AttributeType): dynamodb.Attribute {
  return { name, type: type === "string" ? dynamodb.AttributeType.STRING : dynamodb.AttributeType.NUMBER };
}
