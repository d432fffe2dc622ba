import { describe, expect, test } from "vitest";
import * as z from "zod";
import { physicalName, render } from "./support/render.ts";
import { ofType, templateOf } from "./support/resources.ts";
import { statementsOf } from "./support/roles.ts";
import { synth, type Template } from "./support/synth.ts";

const dev = templateOf(synth({ stage: "dev", partners: [] }), "Sluice-dev-State");
const prod = templateOf(synth({ stage: "prod", partners: [] }), "Sluice-prod-State");

const tablesOf = (template: Template) =>
  new Map(
    ofType(template, "AWS::DynamoDB::Table").map(([id, table]) => [
      physicalName(template, id).replace(/^sluice-(dev|prod)-/, ""),
      table,
    ]),
  );

const Indexes = z.array(
  z.looseObject({
    IndexName: z.string(),
    Projection: z.looseObject({ ProjectionType: z.string(), NonKeyAttributes: z.array(z.string()).optional() }),
  }),
);
const Attributes = z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() }));

const key = (partition: string, sort?: string) => [
  { AttributeName: partition, KeyType: "HASH" },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: "RANGE" }]),
];

describe("tables", () => {
  test.each([
    ["connections", key("pk", "sk")],
    ["records", key("pk", "sk")],
    ["history", key("pk", "sk")],
    ["runs", key("pk", "sk")],
    ["token-buckets", key("pk")],
    ["idempotency", key("id")],
    ["failures", key("pk", "sk")],
    ["audit", key("pk", "sk")],
  ])("%s has its keys", (name, schema) => {
    expect(tablesOf(dev).size).toBe(8);
    expect(tablesOf(dev).get(name)?.Properties["KeySchema"]).toEqual(schema);
  });

  test.each([
    ["connections", "tenant", key("tenantId", "createdSort"), "ALL"],
    ["connections", "all", key("listPartition", "createdSort"), "ALL"],
    ["connections", "due", key("duePartition", "nextDueMs"), "ALL"],
    ["records", "digests", key("pk", "sk"), "INCLUDE"],
    ["runs", "active", key("activePartition", "nextLookMs"), "ALL"],
    ["runs", "started", key("pk", "startedSort"), "KEYS_ONLY"],
    ["failures", "group", key("groupPartition", "lastSeenSort"), "ALL"],
    ["failures", "connection", key("connectionPartition", "lastSeenSort"), "ALL"],
  ])("%s is found by %s", (name, index, schema, projection) => {
    const indexes = Indexes.parse(tablesOf(dev).get(name)?.Properties["GlobalSecondaryIndexes"]);
    expect(indexes.filter((each) => each.IndexName === index)).toMatchObject([
      { IndexName: index, KeySchema: schema, Projection: { ProjectionType: projection } },
    ]);
  });

  test("digests are read without the data", () => {
    const [digests] = Indexes.parse(tablesOf(dev).get("records")?.Properties["GlobalSecondaryIndexes"]);
    expect(digests?.Projection.NonKeyAttributes?.toSorted()).toEqual([
      "deleted",
      "digest",
      "order",
      "version",
      "writtenAtMs",
    ]);
  });

  test("numbers are numbers, and everything else is text", () => {
    const numbers = [...tablesOf(dev)].flatMap(([name, table]) =>
      Attributes.parse(table.Properties["AttributeDefinitions"])
        .filter((each) => each.AttributeType !== "S")
        .map((each) => `${name}.${each.AttributeName} ${each.AttributeType}`),
    );
    expect(numbers.toSorted()).toEqual(["connections.nextDueMs N", "history.sk N", "runs.nextLookMs N"]);
  });

  test("items end where they may, and nowhere else", () => {
    const ends = [...tablesOf(dev)].map(([name, table]) => [name, table.Properties["TimeToLiveSpecification"]]);
    const on = (AttributeName: string) => ({ AttributeName, Enabled: true });
    expect(Object.fromEntries(ends)).toEqual({
      connections: on("expiresAt"),
      records: on("expiresAt"),
      history: on("expiresAt"),
      runs: on("expiresAt"),
      failures: on("expiresAt"),
      idempotency: on("expiration"),
    });
  });

  test("the audit log is append-only by its own policy, which denies everybody, and no other table has one", () => {
    const policies = [...tablesOf(dev)].filter(([, table]) => "ResourcePolicy" in table.Properties);
    expect(Object.fromEntries(policies.map(([name, table]) => [name, table.Properties["ResourcePolicy"]]))).toEqual({
      audit: {
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "NothingIsChangedOrDeleted",
              Effect: "Deny",
              Principal: { AWS: "*" },
              Action: ["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"].map(
                (action) => `dynamodb:${action}`,
              ),
              Resource: "*",
            },
          ],
        },
      },
    });
  });

  test("what applications are told of has a stream, with both images, and nothing else", () => {
    const streams = [...tablesOf(dev)].filter(([, table]) => "StreamSpecification" in table.Properties);
    const both = { StreamViewType: "NEW_AND_OLD_IMAGES" };
    expect(Object.fromEntries(streams.map(([name, table]) => [name, table.Properties["StreamSpecification"]]))).toEqual(
      {
        records: both,
        connections: both,
        failures: both,
      },
    );
  });

  test("are on demand, restorable, and encrypted with AWS's own key", () => {
    for (const { Properties } of [...tablesOf(dev).values(), ...tablesOf(prod).values()]) {
      expect(Properties).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
      expect(Properties).not.toHaveProperty("SSESpecification");
    }
  });
});

describe("protection", () => {
  const kept = [
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::Events::EventBus",
  ];

  test.each(kept)("%s is kept in prod and thrown away in dev", (type) => {
    const inProd = ofType(prod, type);
    expect(inProd.length).toBeGreaterThan(0);
    for (const [, resource] of inProd) {
      expect([resource.DeletionPolicy, resource.UpdateReplacePolicy]).toEqual(["Retain", "Retain"]);
    }
    for (const [, resource] of ofType(dev, type)) {
      expect([resource.DeletionPolicy, resource.UpdateReplacePolicy]).toEqual(["Delete", "Delete"]);
    }
  });

  test("tables refuse to be deleted in prod only", () => {
    for (const table of tablesOf(prod).values()) expect(table.Properties["DeletionProtectionEnabled"]).toBe(true);
    for (const table of tablesOf(dev).values())
      expect(table.Properties["DeletionProtectionEnabled"] ?? false).toBe(false);
  });
});

describe("credential key", () => {
  test("rotates, goes by its alias, and serves this account and its alarms only", () => {
    const [found, ...others] = ofType(dev, "AWS::KMS::Key");
    expect(others).toEqual([]);
    expect(found?.[1].Properties).toMatchObject({ EnableKeyRotation: true });
    expect(ofType(dev, "AWS::KMS::Alias").map(([, alias]) => alias.Properties["AliasName"])).toEqual([
      "alias/sluice-dev",
    ]);
    const statements = statementsOf(dev, found?.[1].Properties["KeyPolicy"]);
    expect(statements.map((each) => each.Principal)).toEqual([
      { AWS: "arn:aws:iam::111122223333:root" },
      { Service: "cloudwatch.amazonaws.com" },
    ]);
    expect(statements[1]).toMatchObject({
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Condition: { StringEquals: { "aws:SourceAccount": ["111122223333"] } },
    });
  });
});

describe("claim-check bucket", () => {
  const [bucket, ...others] = ofType(dev, "AWS::S3::Bucket");

  test("is private, encrypted, and named so that every function finds it", () => {
    expect(others).toEqual([]);
    expect(render(dev, bucket?.[1].Properties)).toMatchObject({
      BucketName: "sluice-dev-claim-checks-111122223333-eu-west-1",
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
    });
  });

  test("lets bodies go after half a year, and records' data never", () => {
    const rules = render(dev, bucket?.[1].Properties["LifecycleConfiguration"]);
    expect(rules).toEqual({
      Rules: [
        expect.objectContaining({ Prefix: "bodies/", ExpirationInDays: 180, Status: "Enabled" }),
        {
          Id: "drop-unfinished-uploads",
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          Status: "Enabled",
        },
      ],
    });
  });
});

test("there is a bus, and a secret for the API with a generated key", () => {
  expect(ofType(dev, "AWS::Events::EventBus").map(([, bus]) => bus.Properties["Name"])).toEqual(["sluice-dev-events"]);
  const secrets = ofType(dev, "AWS::SecretsManager::Secret").map(([, secret]) => secret.Properties);
  expect(secrets).toMatchObject([
    { Name: "sluice-dev/api", GenerateSecretString: { GenerateStringKey: "apiKey", SecretStringTemplate: "{}" } },
  ]);
});
