import { createServer } from "node:http";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import type { EnvironmentSource } from "../../../lib/aws/environment.ts";
import { tableShapes } from "../../../lib/constructs/table-shapes.ts";
import { tableNameFor, tableNames } from "../../../lib/engine/names.ts";
import { createTableInput } from "./create-table.ts";
import { KeysAndSecrets } from "./keys-and-secrets.ts";

/** Services that speak AWS's protocols on loopback sockets, in this process: nothing of the local stack is needed. */
export interface TestServices {
  readonly source: EnvironmentSource;
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly keysAndSecrets: KeysAndSecrets;
  makeQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

export const stage = "test";
const bucket = "claim-checks";
const region = "us-east-1";

// dynalite comes without types; this is the part of it that is used.
const dynalite = createRequire(import.meta.url)("dynalite") as (options: { createTableMs: number }) => Server;

export async function startServices(): Promise<TestServices> {
  // The SDK's clients of the ports read their credentials where a function's do.
  process.env["AWS_ACCESS_KEY_ID"] = "local";
  process.env["AWS_SECRET_ACCESS_KEY"] = "local";
  const tables = dynalite({ createTableMs: 0 });
  const keysAndSecrets = new KeysAndSecrets();
  const keys = createServer((request, response) => keysAndSecrets.answer(request, response));
  const queues = buildApp({ logger: false });
  const [tablesUrl, keysUrl] = await Promise.all([listen(tables), listen(keys)]);
  const queuesUrl = await queues.listen({ port: 0, host: "127.0.0.1" });

  const settings = { region, credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const dynamo = new DynamoDBClient({ ...settings, endpoint: tablesUrl });
  const sqs = new SQSClient({ ...settings, endpoint: queuesUrl, useQueueUrlAsEndpoint: false });
  const s3 = new S3Client({ ...settings, endpoint: queuesUrl, forcePathStyle: true });
  for (const name of tableNames) {
    await dynamo.send(new CreateTableCommand(createTableInput(tableNameFor(stage, name), tableShapes[name])));
  }
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const makeQueue = async (name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> => {
    const made = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { ...attributes } }));
    return made.QueueUrl ?? "";
  };
  const queueBaseUrl = (await makeQueue("probe")).replace(/probe$/, "");

  return {
    source: {
      SLUICE_STAGE: stage,
      SLUICE_QUEUE_BASE_URL: queueBaseUrl,
      SLUICE_CLAIM_BUCKET: bucket,
      SLUICE_KEY_ID: "arn:aws:kms:us-east-1:000000000000:alias/sluice-test",
      AWS_REGION: region,
      AWS_ENDPOINT_URL_DYNAMODB: tablesUrl,
      AWS_ENDPOINT_URL_SQS: queuesUrl,
      AWS_ENDPOINT_URL_S3: queuesUrl,
      AWS_ENDPOINT_URL_KMS: keysUrl,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: keysUrl,
    },
    dynamo,
    sqs,
    keysAndSecrets,
    makeQueue,
    async stop() {
      for (const client of [dynamo, sqs, s3]) client.destroy();
      await queues.close();
      await Promise.all([tables, keys].map(close));
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
