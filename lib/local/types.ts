/**
 * What the parts of the local stack say to each other. The template loader makes a `StackModel` from the synthesised
 * templates; services are provisioned from it, functions and pollers are run from it.
 */

/** One Lambda function of the templates, with every intrinsic resolved. */
export interface FunctionModel {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Folder of the bundled code (the staged asset in cdk.out). */
  readonly codePath: string;
  /** `file.export`, as in the template: `index.handler`. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency: number | null;
}

/** One event source mapping: a queue or a table's stream feeding a function. */
export interface MappingModel {
  readonly id: string;
  readonly functionName: string;
  readonly source:
    | { readonly kind: "queue"; readonly queueName: string }
    | { readonly kind: "stream"; readonly tableName: string };
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly maximumConcurrency: number | null;
  readonly reportBatchItemFailures: boolean;
  readonly enabled: boolean;
  /** Streams only: tries before the batch goes to the failure destination; null is for ever. */
  readonly maximumRetryAttempts: number | null;
  readonly bisectOnError: boolean;
  readonly failureQueueName: string | null;
}

/** One EventBridge Scheduler schedule with a Lambda function or a queue behind it. */
export interface ScheduleModel {
  readonly name: string;
  /** `rate(1 minute)` or `cron(…)`, as in the template. */
  readonly expression: string;
  readonly targetArn: string;
  readonly roleArn: string;
  readonly input: string | null;
  readonly enabled: boolean;
}

/** One route of the HTTP API; its throttle comes from the stage's route settings. */
export interface RouteModel {
  /** `POST /webhooks/stripe/{connectionId}` or `$default`. */
  readonly routeKey: string;
  readonly functionArn: string;
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number } | null;
}

export interface HttpApiModel {
  readonly id: string;
  readonly name: string;
  readonly routes: readonly RouteModel[];
  readonly defaultThrottle: { readonly requestsPerSecond: number; readonly burst: number } | null;
}

export interface QueueModel {
  readonly name: string;
  readonly arn: string;
  /** As the template says them, resolved, as CreateQueue wants them (strings). */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SecretModel {
  readonly name: string;
  readonly arn: string;
  readonly kmsKeyId: string | null;
  /** `GenerateSecretString` of the template, or a literal value. */
  readonly initial:
    | { readonly kind: "literal"; readonly value: string }
    | { readonly kind: "generated"; readonly template: string; readonly key: string; readonly length: number }
    | { readonly kind: "empty" };
}

/** A policy statement after resolving; everything a list, conditions as in the template. */
export interface PolicyStatement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  readonly conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface RoleModel {
  readonly arn: string;
  readonly statements: readonly PolicyStatement[];
}

export interface TableModel {
  readonly name: string;
  readonly arn: string;
  readonly streamArn: string | null;
  readonly timeToLiveAttribute: string | null;
  /** CreateTable's input in the SDK's form. */
  readonly createInput: Readonly<Record<string, unknown>>;
}

/** Everything that the templates of all stacks ask for. */
export interface StackModel {
  readonly account: string;
  readonly region: string;
  readonly functions: readonly FunctionModel[];
  readonly mappings: readonly MappingModel[];
  readonly schedules: readonly ScheduleModel[];
  readonly apis: readonly HttpApiModel[];
  readonly queues: readonly QueueModel[];
  readonly tables: readonly TableModel[];
  readonly buckets: readonly { readonly name: string; readonly arn: string }[];
  readonly secrets: readonly SecretModel[];
  readonly keys: readonly { readonly id: string; readonly arn: string; readonly aliases: readonly string[] }[];
  readonly buses: readonly { readonly name: string; readonly arn: string }[];
  readonly roles: readonly RoleModel[];
  /** Stack outputs by `StackName.OutputKey`. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The AWS-shaped services on one loopback address; every call is identified by its access key and judged by its role's policy. */
export interface LocalServices {
  /** `http://127.0.0.1:PORT`: the value of AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Credentials that stand for a role; a function's process gets its own role's. */
  credentialsFor(roleArn: string): { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };
  /** Credentials of the operator of the machine: allowed everything. For provisioning, pollers and tests. */
  readonly operator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Reads the records of a table's stream after a position, in order; the position is durable. */
  readStream(tableName: string, afterSequence: string | null, limit: number): Promise<readonly StreamRecord[]>;
  stop(): Promise<void>;
}

/** A DynamoDB stream record as Lambda hands it to a function. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventSource: "aws:dynamodb";
  readonly eventSourceARN: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly Keys: Readonly<Record<string, unknown>>;
    readonly NewImage?: Readonly<Record<string, unknown>>;
    readonly OldImage?: Readonly<Record<string, unknown>>;
    readonly ApproximateCreationDateTime: number;
    readonly StreamViewType: "NEW_AND_OLD_IMAGES";
  };
}

/** What came of one invocation of a function. */
export type InvocationResult =
  | { readonly kind: "returned"; readonly payload: unknown }
  | { readonly kind: "threw"; readonly errorType: string; readonly errorMessage: string }
  | { readonly kind: "timedOut"; readonly timeoutSeconds: number }
  | { readonly kind: "crashed"; readonly exitCode: number | null }
  | { readonly kind: "throttled" };

/** Runs the real bundles, each execution environment a process of its own, killed at its time-out. */
export interface FunctionHost {
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  stop(): Promise<void>;
}
