import { Duration, Stack, Stage, type App } from "aws-cdk-lib";
import { CfnStage, HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { AttributeType, ProjectionType, StreamViewType, Table, TableV2, type ITable } from "aws-cdk-lib/aws-dynamodb";
import { EventBus } from "aws-cdk-lib/aws-events";
import { ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Code, Function as LambdaFunction, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { DynamoEventSource, SqsDlq, SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { Schedule, ScheduleExpression, ScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStackModel, withEndpoint } from "../../../lib/local/template/index.ts";
import type { StackModel } from "../../../lib/local/types.ts";
import { emptyHandler, synthesise } from "../services/support/synthesise.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const account = "000000000000";
const region = "us-east-1";
let folder: string;
let cdkOutDir: string;
let model: StackModel;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-template-"));
  cdkOutDir = synthesise(folder, (app) => {
    const state = buildState(app);
    buildWork(app, state);
  });
  model = loadStackModel(cdkOutDir);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface State {
  readonly key: Key;
  readonly table: Table;
}

function buildState(app: App): State {
  const stack = new Stack(app, "State");
  const key = new Key(stack, "Key", { alias: "credentials" });
  const table = new Table(stack, "Records", {
    tableName: "records",
    partitionKey: { name: "pk", type: AttributeType.STRING },
    sortKey: { name: "sk", type: AttributeType.NUMBER },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    timeToLiveAttribute: "expiresAt",
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  });
  table.addGlobalSecondaryIndex({
    indexName: "digests",
    partitionKey: { name: "pk", type: AttributeType.STRING },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: ["digest"],
  });
  new TableV2(stack, "Audit", { tableName: "audit", partitionKey: { name: "day", type: AttributeType.STRING } });
  new Bucket(stack, "Claims", { bucketName: "claims", encryption: BucketEncryption.KMS, encryptionKey: key });
  new Secret(stack, "App", { secretName: "app", encryptionKey: key });
  new EventBus(stack, "Bus", { eventBusName: "events" });
  return { key, table };
}

function buildWork(app: App, { key, table }: State): void {
  const stack = new Stack(app, "Work");
  const dead = new Queue(stack, "Dead", { queueName: "dead", retentionPeriod: Duration.days(14) });
  const jobs = new Queue(stack, "Jobs", {
    queueName: "jobs",
    visibilityTimeout: Duration.seconds(180),
    deadLetterQueue: { queue: dead, maxReceiveCount: 10 },
    encryption: QueueEncryption.KMS,
    encryptionMasterKey: key,
  });
  const worker = new LambdaFunction(stack, "Worker", {
    functionName: "worker",
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromAsset(emptyHandler(folder)),
    timeout: Duration.seconds(30),
    memorySize: 512,
    reservedConcurrentExecutions: 7,
    environment: { QUEUE_URL: jobs.queueUrl, TABLE: table.tableName, KEY: key.keyArn },
    retryAttempts: 1,
    maxEventAge: Duration.minutes(5),
    onFailure: new SqsDestination(dead),
  });
  table.grantReadData(worker);
  worker.addToRolePolicy(
    new PolicyStatement({
      actions: ["kms:Decrypt"],
      resources: [key.keyArn],
      conditions: { StringEquals: { "kms:EncryptionContext:partner": "stripe" } },
    }),
  );
  const boundary = new ManagedPolicy(stack, "Boundary", {
    statements: [new PolicyStatement({ actions: ["*"], resources: ["*"] })],
  });
  worker.role?.addManagedPolicy(boundary);
  worker.addEventSource(
    new SqsEventSource(jobs, {
      batchSize: 5,
      maxConcurrency: 4,
      reportBatchItemFailures: true,
      maxBatchingWindow: Duration.seconds(2),
    }),
  );
  worker.addEventSource(
    // The class declares its optional stream otherwise than its interface does.
    new DynamoEventSource(table as ITable, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 50,
      retryAttempts: 3,
      bisectBatchOnError: true,
      enabled: false,
      onFailure: new SqsDlq(dead),
    }),
  );
  const scheduleGroup = new ScheduleGroup(stack, "Group", { scheduleGroupName: "group" });
  new Schedule(stack, "Tick", {
    scheduleName: "tick",
    scheduleGroup,
    schedule: ScheduleExpression.rate(Duration.minutes(1)),
    target: new LambdaInvoke(worker, { retryAttempts: 2, maxEventAge: Duration.minutes(1), deadLetterQueue: dead }),
    enabled: false,
  });
  buildApi(stack, worker);
}

function buildApi(stack: Stack, worker: LambdaFunction): void {
  const api = new HttpApi(stack, "Api", { apiName: "api" });
  const integration = new HttpLambdaIntegration("Integration", worker);
  api.addRoutes({ path: "/hooks/{id}", methods: [HttpMethod.POST], integration });
  const stage = api.defaultStage?.node.defaultChild;
  if (stage instanceof CfnStage) {
    stage.defaultRouteSettings = { throttlingBurstLimit: 20, throttlingRateLimit: 10 };
    stage.routeSettings = { "POST /hooks/{id}": { ThrottlingBurstLimit: 200, ThrottlingRateLimit: 100 } };
  }
}

test("queues have their attributes as CreateQueue wants them", () => {
  const keyArn = model.keys[0]?.arn;
  expect(model.queues).toEqual([
    { name: "dead", arn: `arn:aws:sqs:${region}:${account}:dead`, attributes: { MessageRetentionPeriod: "1209600" } },
    {
      name: "jobs",
      arn: `arn:aws:sqs:${region}:${account}:jobs`,
      attributes: {
        VisibilityTimeout: "180",
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:${region}:${account}:dead`,
          maxReceiveCount: 10,
        }),
        KmsMasterKeyId: keyArn,
      },
    },
  ]);
});

test("tables have keys, indexes, stream and time to live", () => {
  expect(model.tables[0]).toMatchObject({
    name: "records",
    arn: `arn:aws:dynamodb:${region}:${account}:table/records`,
    timeToLiveAttribute: "expiresAt",
    createInput: {
      TableName: "records",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "digests",
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["digest"] },
        },
      ],
      BillingMode: "PAY_PER_REQUEST",
    },
  });
  expect(model.tables[0]?.streamArn).toMatch(/:table\/records\/stream\/./);
  expect(model.tables[1]).toMatchObject({ name: "audit", streamArn: null, timeToLiveAttribute: null });
});

test("buckets, secrets, keys and buses have names, ARNs and keys", () => {
  const [key] = model.keys;
  expect(key?.arn).toBe(`arn:aws:kms:${region}:${account}:key/${key?.id}`);
  expect(key?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(key?.aliases).toEqual(["alias/credentials"]);
  expect(model.buckets).toEqual([{ name: "claims", arn: "arn:aws:s3:::claims", kmsKeyId: key?.arn }]);
  expect(model.secrets).toMatchObject([
    { name: "app", kmsKeyId: key?.arn, initial: { kind: "generated", template: "", key: "", length: 32 } },
  ]);
  expect(model.buses).toEqual([{ name: "events", arn: `arn:aws:events:${region}:${account}:event-bus/events` }]);
});

test("a function has its code, limits, and an environment with references across stacks", () => {
  const [worker] = model.functions;
  expect(worker).toMatchObject({
    name: "worker",
    arn: `arn:aws:lambda:${region}:${account}:function:worker`,
    handler: "index.handler",
    timeoutSeconds: 30,
    memoryMb: 512,
    reservedConcurrency: 7,
    environment: {
      QUEUE_URL: `https://sqs.${region}.amazonaws.com/${account}/jobs`,
      TABLE: "records",
      KEY: model.keys[0]?.arn,
    },
    asyncInvoke: {
      maximumRetryAttempts: 1,
      maximumEventAgeSeconds: 300,
      failureQueueArn: `arn:aws:sqs:${region}:${account}:dead`,
    },
  });
  expect(existsSync(join(worker?.codePath ?? "", "index.mjs"))).toBe(true);
});

test("queue URLs move to the endpoint that the services have", () => {
  const moved = withEndpoint(model, "http://127.0.0.1:4567");
  expect(moved.functions[0]?.environment["QUEUE_URL"]).toBe(`http://127.0.0.1:4567/${account}/jobs`);
  expect(moved.functions[0]?.environment["TABLE"]).toBe("records");
});

test("mappings of queue and stream have their settings", () => {
  expect(model.mappings.toSorted((a, b) => a.source.kind.localeCompare(b.source.kind))).toMatchObject([
    {
      functionName: "worker",
      source: { kind: "queue", queueName: "jobs" },
      batchSize: 5,
      batchingWindowSeconds: 2,
      maximumConcurrency: 4,
      reportBatchItemFailures: true,
      enabled: true,
    },
    {
      functionName: "worker",
      source: { kind: "stream", tableName: "records" },
      batchSize: 50,
      enabled: false,
      maximumRetryAttempts: 3,
      bisectOnError: true,
      failureQueueName: "dead",
    },
  ]);
});

test("a schedule has its target, group and retries", () => {
  expect(model.schedules).toMatchObject([
    {
      name: "tick",
      groupName: "group",
      expression: "rate(1 minute)",
      targetArn: `arn:aws:lambda:${region}:${account}:function:worker`,
      enabled: false,
      retry: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 60 },
      deadLetterQueueArn: `arn:aws:sqs:${region}:${account}:dead`,
    },
  ]);
});

test("an HTTP API has its routes, functions and throttles", () => {
  expect(model.apis).toMatchObject([
    {
      name: "api",
      defaultThrottle: { requestsPerSecond: 10, burst: 20 },
      routes: [
        {
          routeKey: "POST /hooks/{id}",
          functionArn: `arn:aws:lambda:${region}:${account}:function:worker`,
          throttle: { requestsPerSecond: 100, burst: 200 },
        },
      ],
    },
  ]);
});

test("a role has what its own, attached and managed policies say", () => {
  const role = model.roles.find(({ arn }) => arn === model.functions[0]?.roleArn);
  const statements = role?.statements ?? [];
  const actionsOn = (resource: string) =>
    statements.filter(({ resources }) => resources.includes(resource)).flatMap(({ actions }) => actions);
  expect(actionsOn(`arn:aws:dynamodb:${region}:${account}:table/records`)).toContain("dynamodb:Query");
  expect(actionsOn(`arn:aws:dynamodb:${region}:${account}:table/records/index/*`)).toContain("dynamodb:Query");
  expect(actionsOn(`arn:aws:sqs:${region}:${account}:jobs`)).toContain("sqs:ReceiveMessage");
  expect(statements).toContainEqual(
    expect.objectContaining({
      effect: "Allow",
      actions: ["kms:Decrypt"],
      conditions: { StringEquals: { "kms:EncryptionContext:partner": ["stripe"] } },
    }),
  );
  expect(actionsOn("*")).toContain("*");
});

test("policies on resources come with their principals", () => {
  const policy = model.resourcePolicies?.find(({ resourceArn }) => resourceArn === model.keys[0]?.arn);
  expect(policy?.statements[0]).toMatchObject({
    effect: "Allow",
    actions: ["kms:*"],
    principals: { kind: "named", aws: [`arn:aws:iam::${account}:root`] },
  });
});

test("stages' stacks are read as well, with their assets", () => {
  const own = temporaryFolder();
  const outdir = synthesise(own, (app) => {
    const stack = new Stack(new Stage(app, "Dev"), "Inner");
    new LambdaFunction(stack, "F", {
      functionName: "inner",
      runtime: Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: Code.fromAsset(emptyHandler(own)),
    });
  });
  const [inner] = loadStackModel(outdir).functions;
  expect(inner?.name).toBe("inner");
  expect(existsSync(join(inner?.codePath ?? "", "index.mjs"))).toBe(true);
});

test("stacks of a region give the model theirs; of another account they are refused", () => {
  const build = (env: { region: string; account?: string }) => {
    const outdir = synthesise(
      temporaryFolder(),
      (app) => void new Queue(new Stack(app, "S", { env }), "Q", { queueName: "q" }),
    );
    return () => loadStackModel(outdir);
  };
  expect(build({ region: "eu-west-1" })()).toMatchObject({
    region: "eu-west-1",
    queues: [{ arn: `arn:aws:sqs:eu-west-1:${account}:q` }],
  });
  expect(build({ region: "eu-west-1", account: "111122223333" })).toThrow(
    "was synthesised for the account 111122223333",
  );
});
