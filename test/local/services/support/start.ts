import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { startServices } from "../../../../lib/local/services/index.ts";
import { loadStackModel } from "../../../../lib/local/template/index.ts";
import type { LocalServices, StackModel } from "../../../../lib/local/types.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Real SDK clients on real sockets; nothing is retried, so that a refusal shows at once. */
export interface Clients {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly secrets: SecretsManagerClient;
  readonly kms: KMSClient;
  readonly s3: S3Client;
  readonly events: EventBridgeClient;
  readonly scheduler: SchedulerClient;
  readonly lambda: LambdaClient;
  destroy(): void;
}

export function clientsFor(endpoint: string, credentials: Credentials, region = "us-east-1"): Clients {
  const options = { endpoint, region, credentials, maxAttempts: 1 };
  const clients = {
    sqs: new SQSClient(options),
    dynamodb: new DynamoDBClient(options),
    secrets: new SecretsManagerClient(options),
    kms: new KMSClient(options),
    s3: new S3Client(options),
    events: new EventBridgeClient(options),
    scheduler: new SchedulerClient(options),
    lambda: new LambdaClient(options),
  };
  return {
    ...clients,
    destroy() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

export interface StartedServices {
  readonly services: LocalServices;
  readonly model: StackModel;
  readonly operator: Clients;
  readonly log: readonly string[];
  /** Clients with the credentials of the role of this name. */
  as(roleName: string): Clients;
  stop(): Promise<void>;
}

/** Starts the services for what `cdk.out` asks, in this process. */
export async function startFor(cdkOutDir: string, dataDir: string): Promise<StartedServices> {
  const model = loadStackModel(cdkOutDir);
  const log: string[] = [];
  const services = await startServices({ model, dataDir, log: (line) => log.push(line) });
  const opened: Clients[] = [];
  const open = (credentials: Credentials): Clients => {
    const clients = clientsFor(services.endpoint, credentials);
    opened.push(clients);
    return clients;
  };
  return {
    services,
    model,
    operator: open(services.operator),
    log,
    as: (roleName) => open(services.credentialsFor(`arn:aws:iam::000000000000:role/${roleName}`)),
    async stop() {
      for (const clients of opened) clients.destroy();
      await services.stop();
    },
  };
}
