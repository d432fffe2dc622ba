import { Duration, type Stack } from "aws-cdk-lib";
import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnEventSourceMapping, Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { CfnQueuePolicy, Queue } from "aws-cdk-lib/aws-sqs";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServices } from "../../../lib/local/services/index.ts";
import { loadStackModel } from "../../../lib/local/template/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { emptyHandler, synthesiseStack } from "./support/synthesise.ts";

// AWS refuses to poll, fire or deliver without these grants; a stack that lacks one does not start here either.

const warm = mkdtempSync(join(tmpdir(), "sluice-grants-"));

// The first synthesis of a process loads the constructs, which may take longer than a test may.
beforeAll(() => void synthesiseStack(warm, (stack) => new Queue(stack, "Warm")));
afterAll(() => rmSync(warm, { recursive: true, force: true }));

function start(build: (stack: Stack, worker: LambdaFunction) => void): Promise<unknown> {
  const folder = temporaryFolder();
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const worker = new LambdaFunction(stack, "Worker", {
      functionName: "worker",
      runtime: Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: Code.fromAsset(emptyHandler(folder)),
    });
    build(stack, worker);
  });
  return startServices({ model: loadStackModel(cdkOutDir), dataDir: join(folder, "data") });
}

test("a queue's mapping needs the function's role to receive, delete and look", async () => {
  const started = start((stack, worker) => {
    const queue = new Queue(stack, "Jobs", { queueName: "jobs" });
    const actions = ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"];
    worker.addToRolePolicy(new PolicyStatement({ actions, resources: [queue.queueArn] }));
    new CfnEventSourceMapping(stack, "Mapping", { eventSourceArn: queue.queueArn, functionName: "worker" });
  });
  await expect(started).rejects.toThrow(
    /mapping of worker needs its role .* to be allowed sqs:DeleteMessage on arn:aws:sqs:us-east-1:000000000000:jobs/,
  );
});

test("a stream's mapping needs the function's role to read it", async () => {
  const started = start((stack) => {
    const partitionKey = { name: "pk", type: AttributeType.STRING };
    const table = new Table(stack, "T", { tableName: "t", partitionKey, stream: StreamViewType.NEW_AND_OLD_IMAGES });
    const eventSourceArn = table.tableStreamArn ?? "";
    new CfnEventSourceMapping(stack, "Mapping", { eventSourceArn, functionName: "worker", startingPosition: "LATEST" });
  });
  await expect(started).rejects.toThrow(
    /mapping of worker needs .* to be allowed dynamodb:GetRecords on .*:table\/t\/stream/,
  );
});

test("a schedule needs its role to invoke the function", async () => {
  const started = start((stack, worker) => {
    const role = new Role(stack, "Role", { assumedBy: new ServicePrincipal("scheduler.amazonaws.com") });
    new CfnSchedule(stack, "Tick", {
      name: "tick",
      scheduleExpression: `rate(${Duration.minutes(1).toMinutes()} minute)`,
      flexibleTimeWindow: { mode: "OFF" },
      target: { arn: worker.functionArn, roleArn: role.roleArn },
    });
  });
  await expect(started).rejects.toThrow(/The schedule tick needs .* lambda:InvokeFunction on .*:function:worker/);
});

test("a rule needs the queue's policy to let EventBridge send", async () => {
  const started = start((stack) => {
    const queue = new Queue(stack, "Jobs", { queueName: "jobs" });
    new Rule(stack, "Rule", { ruleName: "changed", eventPattern: { source: ["x"] }, targets: [new SqsQueue(queue)] });
    const policy = queue.node.findAll().find((child) => child instanceof CfnQueuePolicy);
    policy?.addPropertyOverride("PolicyDocument.Statement.0.Principal", { Service: "sns.amazonaws.com" });
  });
  await expect(started).rejects.toThrow(/The rule changed needs the policy of .*:jobs to let events.amazonaws.com/);
});
