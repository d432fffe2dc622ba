import { request } from "node:http";
import { GetItemCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { AwsClient } from "aws4fetch";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServices } from "../../../lib/local/services/index.ts";
import { clientsFor, startFor, type StartedServices } from "../services/support/start.ts";
import { synthesiseStack } from "../services/support/synthesise.ts";

let folder: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-door-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    new Queue(stack, "Jobs", { queueName: "jobs" });
    new Table(stack, "Table", { tableName: "things", partitionKey: { name: "pk", type: AttributeType.STRING } });
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("anonymous calls are denied", async () => {
  const answer = await fetch(started.services.endpoint, {
    method: "POST",
    headers: { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0" },
    body: "{}",
  });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });
});

test.each([
  ["an unknown key", { accessKeyId: "UNKNOWN" }, "UnrecognizedClientException"],
  ["a wrong secret", { secretAccessKey: "wrong" }, "SignatureDoesNotMatch"],
])("%s is denied", async (_name, changes, code) => {
  const clients = clientsFor(started.services.endpoint, { ...started.services.operator, ...changes });
  await expect(clients.dynamodb.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: code });
  clients.destroy();
});

test("a role's credentials are no good without their session token", async () => {
  const credentials = started.services.credentialsFor("arn:aws:iam::000000000000:role/any");
  const { sessionToken: _token, ...bare } = credentials;
  const clients = clientsFor(started.services.endpoint, bare);
  await expect(clients.dynamodb.send(new ListTablesCommand({}))).rejects.toMatchObject({
    name: "UnrecognizedClientException",
  });
  clients.destroy();
});

test("a role that no template defines is allowed nothing, and told what it lacks", async () => {
  const Key = { pk: { S: "a" } };
  const stranger = started.as("stranger");
  await expect(stranger.dynamodb.send(new GetItemCommand({ TableName: "things", Key }))).rejects.toMatchObject({
    name: "AccessDeniedException",
    message:
      "User: arn:aws:sts::000000000000:assumed-role/stranger/local is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/things because no identity-based policy allows the dynamodb:GetItem action",
  });
  expect(started.log.some((line) => line.includes("dynamodb:GetItem"))).toBe(true);
});

test("a call signed by a small signer is taken, with its URL's host for an endpoint", async () => {
  const { endpoint, operator } = started.services;
  const signer = new AwsClient({ ...operator, service: "sqs", region: "us-east-1" });
  const url = `${endpoint}/000000000000/jobs`;
  const answer = await signer.fetch(endpoint, {
    method: "POST",
    headers: { "x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify({ QueueUrl: url, MessageBody: "signed small" }),
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toHaveProperty("MessageId");
});

test("operations and services that are not offered are refused by name", async () => {
  const { endpoint, operator } = started.services;
  const signed = (service: string, target: string) =>
    new AwsClient({ ...operator, service, region: "us-east-1" }).fetch(endpoint, {
      method: "POST",
      headers: { "x-amz-target": target, "content-type": "application/x-amz-json-1.0" },
      body: "{}",
    });
  const unknown = await signed("dynamodb", "DynamoDB_20120810.ExportTableToPointInTime");
  expect(await unknown.json()).toMatchObject({
    __type: "UnknownOperationException",
    message: "The local stack does not offer the operation DynamoDB ExportTableToPointInTime.",
  });
  const elsewhere = await signed("athena", "AmazonAthena.ListWorkGroups");
  expect(await elsewhere.json()).toMatchObject({ message: 'The local stack does not offer the service "athena".' });
});

test("malformed JSON is the caller's fault, and tells nothing of the inside", async () => {
  const { endpoint, operator } = started.services;
  const answer = await new AwsClient({ ...operator, service: "kms", region: "us-east-1" }).fetch(endpoint, {
    method: "POST",
    headers: { "x-amz-target": "TrentService.Encrypt", "content-type": "application/x-amz-json-1.1" },
    body: "{",
  });
  expect(answer.status).toBe(400);
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ __type: "SerializationException" });
  expect(text).not.toMatch(/\.ts|node_modules| at /);
});

test("a body over the service's limit is refused before it is read whole", async () => {
  const { port } = new URL(started.services.endpoint);
  const status = await new Promise<number | string>((resolve) => {
    const authorization = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/secretsmanager/aws4_request";
    const call = request({ port, method: "POST", headers: { authorization } }, (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.resume();
    });
    call.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    call.write(Buffer.alloc(600 * 1024));
    // Never ended: an answer can only come before the end.
  });
  expect(status).toBe(413);
});

test("it listens on loopback alone", async () => {
  const { port } = new URL(started.services.endpoint);
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4");
  for (const { address } of others) {
    await expect(fetch(`http://${address}:${port}`)).rejects.toThrow("fetch failed");
  }
  expect(new URL(started.services.endpoint).hostname).toBe("127.0.0.1");
});

test("a port that is taken is said to be", async () => {
  const port = Number(new URL(started.services.endpoint).port);
  const other = startServices({ model: started.model, dataDir: join(folder, "other"), port });
  await expect(other).rejects.toThrow(`Port ${port} is taken`);
});

test("a data folder that is in use is said to be", async () => {
  const other = startServices({ model: started.model, dataDir: join(folder, "data") });
  await expect(other).rejects.toThrow(/The data folder .* cannot be opened/);
});

test("topics answer in their own protocol", async () => {
  const { endpoint, operator } = started.services;
  const signer = new AwsClient({ ...operator, service: "sns", region: "us-east-1" });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const call = (body: string): Promise<Response> => signer.fetch(endpoint, { method: "POST", headers, body });
  const created = await call("Action=CreateTopic&Name=alarms&Version=2010-03-31");
  expect(await created.text()).toContain("<TopicArn>arn:aws:sns:us-east-1:000000000000:alarms</TopicArn>");
  const unknown = await call("Action=DeleteEverything&Version=2010-03-31");
  expect(unknown.status).toBe(400);
  expect(await unknown.text()).toContain("<Code>UnknownOperationException</Code>");
});
