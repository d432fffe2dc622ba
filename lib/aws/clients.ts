import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Environment, ServiceName } from "./environment.ts";

/** The SDK's clients, each made when it is first used: most functions need few of them. */
export interface Clients {
  readonly dynamo: () => DynamoDBClient;
  readonly events: () => EventBridgeClient;
  readonly sqs: () => SQSClient;
  readonly s3: () => S3Client;
  readonly kms: () => KMSClient;
  readonly lambda: () => LambdaClient;
  readonly secretsManager: () => SecretsManagerClient;
}

/** A call that hangs must fail while there is time to try again. */
const requestHandler = { connectionTimeout: 1_000, requestTimeout: 5_000 };

export function createClients(environment: Environment): Clients {
  const settings = (service: ServiceName) => {
    const endpoint = environment.endpoints[service];
    return { region: environment.region, maxAttempts: 4, requestHandler, ...(endpoint !== null && { endpoint }) };
  };
  return {
    dynamo: once(() => new DynamoDBClient(settings("DYNAMODB"))),
    // A queue's URL names AWS's host even where the service is on this machine.
    sqs: once(() => new SQSClient({ ...settings("SQS"), useQueueUrlAsEndpoint: environment.endpoints.SQS === null })),
    s3: once(() => new S3Client({ ...settings("S3"), forcePathStyle: environment.endpoints.S3 !== null })),
    events: once(() => new EventBridgeClient(settings("EVENTBRIDGE"))),
    kms: once(() => new KMSClient(settings("KMS"))),
    lambda: once(() => new LambdaClient(settings("LAMBDA"))),
    secretsManager: once(() => new SecretsManagerClient(settings("SECRETS_MANAGER"))),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
