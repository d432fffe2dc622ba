import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DecryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tableShapes } from "../../../lib/constructs/table-shapes.ts";
import type { Stage } from "../../../lib/constructs/stage.ts";
import { makeTable } from "../../../lib/constructs/table.ts";
import { startFor, type Clients, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

// One partner's role, held to its own keys as Sluice's roles are.

let folder: string;
let started: StartedServices;
let worker: Clients;
let reader: Clients;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-policies-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const assumedBy = new ServicePrincipal("lambda.amazonaws.com");
    const role = new Role(stack, "Worker", { roleName: "worker", assumedBy });
    const partitionKey = { name: "pk", type: AttributeType.STRING };
    const table = new Table(stack, "Records", { tableName: "records", partitionKey });
    table.addGlobalSecondaryIndex({ indexName: "due", partitionKey: { name: "due", type: AttributeType.STRING } });
    new Table(stack, "Other", { tableName: "other", partitionKey });
    const bundles = { folderOf: () => folder };
    const stage: Stage = { name: "test", settings: { kind: "dev" }, partners: [], bundles };
    const audit = makeTable(stack, "Audit", stage, "audit", tableShapes.audit);
    role.addToPolicy(new PolicyStatement({ actions: ["dynamodb:*"], resources: [audit.tableArn] }));
    role.addToPolicy(
      new PolicyStatement({
        actions: ["dynamodb:*Item", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:Query"],
        resources: [table.tableArn, `${table.tableArn}/index/due`],
        conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["stripe#*"] } },
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ effect: Effect.DENY, actions: ["dynamodb:DeleteItem"], resources: [table.tableArn] }),
    );
    const key = new Key(stack, "Key", { alias: "credentials" });
    role.addToPolicy(
      new PolicyStatement({
        actions: ["kms:GenerateDataKey", "kms:Decrypt"],
        resources: [key.keyArn],
        conditions: { StringEquals: { "kms:EncryptionContext:partner": "stripe" } },
      }),
    );
    const encryption = { encryption: QueueEncryption.KMS, encryptionMasterKey: new Key(stack, "QueueKey") };
    const queue = new Queue(stack, "Encrypted", { queueName: "encrypted", ...encryption });
    role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queue.queueArn] }));
    const plain = new Queue(stack, "Plain", { queueName: "plain", enforceSSL: true });
    plain.grantSendMessages(role);
    const encryptionKey = new Key(stack, "SecretKey");
    const secret = new Secret(stack, "Secret", { secretName: "app", encryptionKey });
    role.addToPolicy(
      new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [secret.secretArn] }),
    );
    const granted = new Role(stack, "Reader", { roleName: "reader", assumedBy });
    secret.grantRead(granted);
    queue.grantConsumeMessages(granted);
    const blockPublicAccess = BlockPublicAccess.BLOCK_ALL;
    const bucket = new Bucket(stack, "Claims", { bucketName: "claims", enforceSSL: true, blockPublicAccess });
    bucket.grantReadWrite(role, "stripe/*");
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
  worker = started.as("worker");
  reader = started.as("reader");
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

const own = { pk: { S: "stripe#1" } };
const foreign = { pk: { S: "guesty#1" } };

async function denial(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith("AccessDenied")) return error.message;
    throw error;
  }
  throw new Error("The call was allowed.");
}

test("a role reads and writes the keys it is held to", async () => {
  const { dynamodb } = worker;
  await dynamodb.send(new PutItemCommand({ TableName: "records", Item: own }));
  expect((await dynamodb.send(new GetItemCommand({ TableName: "records", Key: own }))).Item).toEqual(own);
  await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { records: [{ PutRequest: { Item: own } }] } }));
  const batch = await dynamodb.send(new BatchGetItemCommand({ RequestItems: { records: { Keys: [own] } } }));
  expect(batch.Responses?.["records"]).toEqual([own]);
});

test.each<[string, string, (clients: Clients) => Promise<unknown>]>([
  [
    "get",
    "dynamodb:GetItem",
    ({ dynamodb }) => dynamodb.send(new GetItemCommand({ TableName: "records", Key: foreign })),
  ],
  [
    "put",
    "dynamodb:PutItem",
    ({ dynamodb }) => dynamodb.send(new PutItemCommand({ TableName: "records", Item: foreign })),
  ],
  [
    "update",
    "dynamodb:UpdateItem",
    ({ dynamodb }) => dynamodb.send(new UpdateItemCommand({ TableName: "records", Key: foreign })),
  ],
  [
    "batch read with one foreign key among its own",
    "dynamodb:BatchGetItem",
    ({ dynamodb }) => dynamodb.send(new BatchGetItemCommand({ RequestItems: { records: { Keys: [own, foreign] } } })),
  ],
  [
    "batch write with one foreign key among its own",
    "dynamodb:BatchWriteItem",
    ({ dynamodb }) =>
      dynamodb.send(
        new BatchWriteItemCommand({
          RequestItems: { records: [{ PutRequest: { Item: own } }, { DeleteRequest: { Key: foreign } }] },
        }),
      ),
  ],
])("a foreign key is denied: %s", async (_name, action, call) => {
  const message = await denial(call(worker));
  expect(message).toContain(`is not authorized to perform: ${action} on resource: `);
  expect(message).toContain(":table/records because no identity-based policy allows");
});

test.each([
  ["pk = :pk", undefined],
  ["#key = :pk", { "#key": "pk" }],
  [":pk = pk", undefined],
  ["(pk = :pk)", undefined],
])("a query is judged by its key: %s", async (KeyConditionExpression, names) => {
  const query = (value: string) =>
    worker.dynamodb.send(
      new QueryCommand({
        TableName: "records",
        KeyConditionExpression,
        ExpressionAttributeValues: { ":pk": { S: value } },
        ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      }),
    );
  await query("stripe#1").catch((error: unknown) => {
    // dynalite knows fewer ways to write a condition than the door; that is for dynalite to say.
    expect((error as Error).name).toBe("ValidationException");
  });
  expect(await denial(query("guesty#1"))).toContain("dynamodb:Query");
});

test("an index is judged by its own partition key", async () => {
  const query = (value: string) =>
    worker.dynamodb.send(
      new QueryCommand({
        TableName: "records",
        IndexName: "due",
        KeyConditionExpression: "due = :due",
        ExpressionAttributeValues: { ":due": { S: value } },
      }),
    );
  expect((await query("stripe#0")).Items).toEqual([]);
  expect(await denial(query("guesty#0"))).toContain("table/records/index/due");
});

test("an action, a table or an index that no statement names is denied", async () => {
  const { dynamodb } = worker;
  expect(await denial(dynamodb.send(new ScanCommand({ TableName: "records" })))).toContain("dynamodb:Scan");
  expect(await denial(dynamodb.send(new GetItemCommand({ TableName: "other", Key: own })))).toContain("table/other");
});

test("an explicit deny is told apart from a missing allow", async () => {
  const removal = worker.dynamodb.send(new DeleteItemCommand({ TableName: "records", Key: own }));
  expect(await denial(removal)).toMatch(/dynamodb:DeleteItem .* with an explicit deny in an identity-based policy$/);
});

test("a key opens for the context that the policy names, and for no other", async () => {
  const KeyId = "alias/credentials";
  const context = { partner: "stripe", connection: "1" };
  const made = await worker.kms.send(
    new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256", EncryptionContext: context }),
  );
  const decrypt = (EncryptionContext: Record<string, string>) =>
    worker.kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }));

  expect((await decrypt(context)).Plaintext).toEqual(made.Plaintext);
  expect(await denial(decrypt({ partner: "guesty", connection: "1" }))).toContain("kms:Decrypt");
  expect(await denial(decrypt({}))).toContain("kms:Decrypt");
  await expect(decrypt({ partner: "stripe", connection: "2" })).rejects.toMatchObject({
    name: "InvalidCiphertextException",
  });
});

test("an encrypted queue wants the key's grant as well", async () => {
  const encrypted = `${started.services.endpoint}/000000000000/encrypted`;
  const message = await denial(worker.sqs.send(new SendMessageCommand({ QueueUrl: encrypted, MessageBody: "x" })));
  expect(message).toMatch(/kms:GenerateDataKey on resource: arn:aws:kms:/);
  await expect(reader.sqs.send(new ReceiveMessageCommand({ QueueUrl: encrypted }))).resolves.toBeDefined();
});

test("a queue is sent to by whom its role lets, however the sender batches", async () => {
  const QueueUrl = `${started.services.endpoint}/000000000000/plain`;
  await worker.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  await worker.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "x" }] }));
  expect(await denial(worker.sqs.send(new ReceiveMessageCommand({ QueueUrl })))).toContain("sqs:ReceiveMessage");
  const batch = new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "x" }] });
  expect(await denial(reader.sqs.send(batch))).toContain("sqs:SendMessage");
});

test("a secret under a key of one's own wants the key's grant as well", async () => {
  const get = new GetSecretValueCommand({ SecretId: "app" });
  expect(await denial(worker.secrets.send(get))).toMatch(/kms:Decrypt on resource: arn:aws:kms:/);
  await expect(reader.secrets.send(get)).resolves.toHaveProperty("SecretString");
});

test("objects are judged by their path, buckets by their name", async () => {
  const { s3 } = worker;
  await s3.send(new PutObjectCommand({ Bucket: "claims", Key: "stripe/a b", Body: "x" }));
  const read = await s3.send(new GetObjectCommand({ Bucket: "claims", Key: "stripe/a b" }));
  expect(await read.Body?.transformToString()).toBe("x");
  const foreignObject = new GetObjectCommand({ Bucket: "claims", Key: "guesty/1" });
  expect(await denial(s3.send(foreignObject))).toContain('s3:GetObject on resource: "arn:aws:s3:::claims/guesty/1"');
  expect(await denial(reader.s3.send(new ListObjectsV2Command({ Bucket: "claims" })))).toContain("s3:ListBucket");
});

test("the audit log takes new entries, and its own policy denies changes and deletions even to whoever was granted everything", async () => {
  const TableName = "sluice-test-audit";
  const Key = { pk: { S: "2026-11-21" }, sk: { S: "1#a" } };
  await worker.dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, body: { S: "who did what" } } }));
  const changes = [
    new UpdateItemCommand({ TableName, Key, UpdateExpression: "REMOVE body" }),
    new DeleteItemCommand({ TableName, Key }),
    new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ DeleteRequest: { Key } }] } }),
  ];
  for (const change of changes)
    // The client's overloads take one command at a time; either is as good.
    await expect(worker.dynamodb.send(change as DeleteItemCommand)).rejects.toThrow(
      "explicit deny in a resource-based policy",
    );
  const { Item } = await worker.dynamodb.send(new GetItemCommand({ TableName, Key }));
  expect(Item?.["body"]).toEqual({ S: "who did what" });
});
