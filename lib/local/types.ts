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
  /**
   * As in the template. Queue URLs carry AWS's own host (`https://sqs.us-east-1.amazonaws.com/…`), and the SDK calls the host
   * of a queue URL even when AWS_ENDPOINT_URL is set: run functions from `withEndpoint(model, services.endpoint)`.
   */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency: number | null;
  /** What becomes of asynchronous invocations (schedules, rules) that fail; absent is Lambda's default: two retries, six hours, no destination. */
  readonly asyncInvoke?: AsyncInvokeModel;
}

/** AWS::Lambda::EventInvokeConfig, or the function's own dead letter queue. */
export interface AsyncInvokeModel {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  readonly failureQueueArn: string | null;
}

/** One event source mapping: a queue or a table's stream feeding a function. */
export interface MappingModel {
  readonly id: string;
  readonly functionName: string;
  readonly source:
    { readonly kind: "queue"; readonly queueName: string } | { readonly kind: "stream"; readonly tableName: string };
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
  readonly groupName?: string;
  /** IANA name for cron expressions; absent is UTC. */
  readonly timezone?: string;
  /** Retries of a firing that the target refused; absent is Scheduler's default: 185 tries, 24 hours. */
  readonly retry?: { readonly maximumRetryAttempts: number; readonly maximumEventAgeSeconds: number };
  readonly deadLetterQueueArn?: string;
}

/** One EventBridge rule: what matches the pattern (or a schedule's tick) goes to the targets. */
export interface RuleModel {
  readonly name: string;
  readonly busName: string;
  /** The event pattern as JSON of the template; null for a rule that only has a schedule. */
  readonly pattern: Readonly<Record<string, unknown>> | null;
  readonly scheduleExpression: string | null;
  readonly enabled: boolean;
  readonly targets: readonly {
    readonly id: string;
    readonly arn: string;
    readonly input: string | null;
    readonly inputPath: string | null;
  }[];
}

/** A policy on a resource (queue, bucket, key, topic, bus, secret): its statements name principals. */
export interface ResourcePolicyModel {
  readonly resourceArn: string;
  readonly statements: readonly (PolicyStatement & {
    readonly principals: PrincipalMatch;
    readonly notPrincipals: PrincipalMatch | null;
  })[];
}

/** `everyone` is `*`; ARNs and account ids are AWS principals, services are `lambda.amazonaws.com` and the like. */
export type PrincipalMatch =
  | { readonly kind: "everyone" }
  | { readonly kind: "named"; readonly aws: readonly string[]; readonly services: readonly string[] };

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
  /** Statements of the permissions boundary, when the template defines it. */
  readonly boundary?: readonly PolicyStatement[];
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
  readonly buckets: readonly { readonly name: string; readonly arn: string; readonly kmsKeyId?: string }[];
  readonly secrets: readonly SecretModel[];
  readonly keys: readonly { readonly id: string; readonly arn: string; readonly aliases: readonly string[] }[];
  readonly buses: readonly { readonly name: string; readonly arn: string }[];
  readonly roles: readonly RoleModel[];
  readonly rules?: readonly RuleModel[];
  readonly topics?: readonly { readonly name: string; readonly arn: string }[];
  readonly resourcePolicies?: readonly ResourcePolicyModel[];
  /** Stack outputs by `StackName.OutputKey`. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The AWS-shaped services on one loopback address; every call is identified by its access key and judged by its role's policy. */
export interface LocalServices {
  /** `http://127.0.0.1:PORT`: the value of AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Credentials that stand for a role; a function's process gets its own role's. */
  credentialsFor(roleArn: string): {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
  /** Credentials of the operator of the machine: allowed everything. For provisioning, pollers and tests. */
  readonly operator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Reads the records of a table's stream after a position, in order; the position is durable. */
  readStream(tableName: string, afterSequence: string | null, limit: number): Promise<readonly StreamRecord[]>;
  /** The wanted state of the event source mappings, as the Lambda API last set it; durable. Pollers obey it. */
  readonly mappings?: MappingControl;
  /** The schedules as the Scheduler API last set them; durable. Whoever fires them obeys it. */
  readonly schedules?: ScheduleControl;
  /** Lets Lambda's Invoke API and EventBridge rules reach functions. */
  attachFunctions?(host: Pick<FunctionHost, "invoke">): void;
  /** Lets Lambda's API say how far each mapping is on its way to what was asked of it. */
  attachPollers?(pollers: { states(): Readonly<Record<string, MappingPollState>> }): void;
  stop(): Promise<void>;
}

/** Where a mapping is: changes are asynchronous, as on AWS. */
export type MappingPollState = "Enabled" | "Disabling" | "Disabled" | "Enabling";

/** State of event source mappings: read it, and hear of changes. */
export interface MappingControl {
  list(): readonly MappingModel[];
  get(id: string): MappingModel | null;
  /** Calls back after each change with the mapping's id; returns how to stop listening. */
  subscribe(listener: (id: string) => void): () => void;
}

/** State of schedules: read it, and hear of changes. */
export interface ScheduleControl {
  list(): readonly ScheduleModel[];
  /** Calls back after each change with the schedule's name; returns how to stop listening. */
  subscribe(listener: (name: string) => void): () => void;
}

/** A DynamoDB stream record as Lambda hands it to a function. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventSource: "aws:dynamodb";
  readonly eventSourceARN: string;
  /** Only on what time to live removed, as DynamoDB marks it. */
  readonly userIdentity?: { readonly type: "Service"; readonly principalId: "dynamodb.amazonaws.com" };
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
