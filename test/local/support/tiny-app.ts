import { join } from "node:path";
import { App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnStage, HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { AttributeType, type ITable, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Architecture, Code, Function as LambdaFunction, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq, SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { buildSync } from "esbuild";

/** A small stack of the kind that Sluice has, synthesised into `<folder>/cdk.out`. Handlers record what they see. */
export interface TinyApp {
  readonly cdkOutDir: string;
  readonly scheduleName: string;
}

/** The handlers' code; each may use the AWS SDK, which is bundled in. */
export interface TinyHandlers {
  /** Takes `POST /hook/{id}`; QUEUE_URL is the jobs queue. */
  readonly hook: string;
  /** Reads the jobs queue; TABLE is the records table. */
  readonly worker: string;
  /** Reads the records table's stream. */
  readonly publisher: string;
  readonly scheduled: string;
}

/** `timeoutSeconds` is also how long the jobs queue hides a message. */
export function synthesiseTinyApp(folder: string, handlers: TinyHandlers, timeoutSeconds = 10): TinyApp {
  const cdkOutDir = join(folder, "cdk.out");
  const app = new App({ outdir: cdkOutDir });
  const stack = new Stack(app, "Tiny");
  const functionOf = (name: keyof TinyHandlers, environment: Record<string, string>): LambdaFunction =>
    new LambdaFunction(stack, name, {
      functionName: `tiny-${name}`,
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: 256,
      code: Code.fromAsset(bundle(folder, name, handlers[name])),
      environment,
    });

  const dead = new Queue(stack, "Dead", { queueName: "tiny-dead" });
  const jobs = new Queue(stack, "Jobs", {
    queueName: "tiny-jobs",
    visibilityTimeout: Duration.seconds(timeoutSeconds),
    deadLetterQueue: { queue: dead, maxReceiveCount: 20 },
  });
  const table = new Table(stack, "Records", {
    tableName: "tiny-records",
    partitionKey: { name: "pk", type: AttributeType.STRING },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    removalPolicy: RemovalPolicy.DESTROY,
  });

  const hook = functionOf("hook", { QUEUE_URL: jobs.queueUrl });
  jobs.grantSendMessages(hook);
  const worker = functionOf("worker", { TABLE: table.tableName });
  table.grantWriteData(worker);
  worker.addEventSource(new SqsEventSource(jobs, { batchSize: 5, maxConcurrency: 2, reportBatchItemFailures: true }));
  // CDK's own types disagree under exactOptionalPropertyTypes.
  const streamed = table as ITable;
  const publisher = functionOf("publisher", {});
  publisher.addEventSource(
    new DynamoEventSource(streamed, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      retryAttempts: 3,
      onFailure: new SqsDlq(dead),
    }),
  );
  const scheduled = functionOf("scheduled", {});
  new Schedule(stack, "Tick", {
    scheduleName: "tiny-tick",
    schedule: ScheduleExpression.rate(Duration.minutes(1)),
    target: new LambdaInvoke(scheduled),
  });

  const api = new HttpApi(stack, "Api", { apiName: "tiny" });
  api.addRoutes({
    path: "/hook/{id}",
    methods: [HttpMethod.POST],
    integration: new HttpLambdaIntegration("Hook", hook),
  });
  const stage = api.defaultStage?.node.defaultChild;
  if (stage instanceof CfnStage) stage.defaultRouteSettings = { throttlingRateLimit: 500, throttlingBurstLimit: 500 };
  app.synth();
  return { cdkOutDir, scheduleName: "tiny-tick" };
}

function bundle(folder: string, name: string, code: string): string {
  const codePath = join(folder, "bundles", name);
  buildSync({
    stdin: { contents: code, resolveDir: import.meta.dirname, loader: "js" },
    outfile: join(codePath, "index.mjs"),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
  });
  return codePath;
}
