import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { LocalLogLine } from "../../lib/local/log.ts";
import { startLocalStack, type LocalStack } from "../../lib/local/stack.ts";
import { createRecorder, type Recorder } from "./support/recorder.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { synthesiseTinyApp, type TinyApp, type TinyHandlers } from "./support/tiny-app.ts";

const hookCode = `
  import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
  const sqs = new SQSClient({});
  export const handler = async (event) => {
    const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString("utf8") : event.body;
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: JSON.stringify({ id: event.pathParameters.id, body }) }));
    return { statusCode: 202 };
  };`;

function handlersWith(recorder: Recorder<string>, overrides: Partial<TinyHandlers> = {}): TinyHandlers {
  return {
    hook: hookCode,
    worker: `${recorder.code} export const handler = async (event) => { for (const each of event.Records) record(JSON.parse(each.body).id); };`,
    publisher: `${recorder.code} export const handler = async (event) => { for (const each of event.Records) record("changed " + each.dynamodb.NewImage.pk.S); };`,
    scheduled: `${recorder.code} export const handler = async (event) => { record("tick " + event["detail-type"]); };`,
    ...overrides,
  };
}

interface Bench {
  readonly stack: LocalStack;
  readonly recorder: Recorder<string>;
  readonly app: TinyApp;
  readonly log: LocalLogLine[];
  readonly dataDir: string;
}

async function startBench(
  overrides: (recorder: Recorder<string>) => Partial<TinyHandlers> = () => ({}),
): Promise<Bench> {
  const folder = temporaryFolder();
  const recorder = createRecorder<string>(folder);
  const app = synthesiseTinyApp(folder, handlersWith(recorder, overrides(recorder)));
  const dataDir = join(folder, "data");
  const log: LocalLogLine[] = [];
  const stack = await startLocalStack({
    cdkOutDir: app.cdkOutDir,
    dataDir,
    httpPort: 0,
    onLog: (line) => log.push(line),
  });
  onTestFinished(() => stack.stop(0));
  return { stack, recorder, app, log, dataDir };
}

const post = (stack: LocalStack, id: string, body = "x"): Promise<Response> =>
  fetch(`${stack.url}/hook/${id}`, { method: "POST", body, headers: { "content-type": "text/plain" } });

test("a webhook goes through API, function, queue and function", async () => {
  const { stack, recorder } = await startBench();

  const answers = await Promise.all(["a", "b", "c"].map((id) => post(stack, id)));
  await stack.idle();

  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(recorder.read().toSorted()).toEqual(["a", "b", "c"]);
});

test("a write goes through the table's stream to its function", async () => {
  const { stack, recorder } = await startBench((recorder) => ({
    worker: `${recorder.code}
      import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
      const tables = new DynamoDBClient({});
      export const handler = async (event) => {
        for (const each of event.Records) await tables.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: JSON.parse(each.body).id } } }));
      };`,
  }));

  await post(stack, "one");
  await stack.idle();

  expect(recorder.read()).toEqual(["changed one"]);
});

test("a schedule fires when asked to", async () => {
  const { stack, recorder, app } = await startBench();

  await stack.fire(app.scheduleName);

  expect(recorder.read()).toEqual(["tick Scheduled Event"]);
  await expect(stack.fire("nobody")).rejects.toThrow(/nobody.*tiny-tick/);
});

test("idle waits for what is delayed, and says what keeps it from being idle", async () => {
  const { stack, recorder } = await startBench();
  const sqs = new SQSClient({
    endpoint: stack.services.endpoint,
    region: stack.model.region,
    credentials: stack.services.operator,
    useQueueUrlAsEndpoint: false,
  });
  onTestFinished(() => sqs.destroy());
  const QueueUrl = `${stack.services.endpoint}/000000000000/tiny-jobs`;

  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `{"id":"later"}`, DelaySeconds: 2 }));
  await expect(stack.idle(0)).rejects.toThrow(/tiny-jobs has 1 messages/);
  expect(recorder.read()).toEqual([]);
  await stack.idle();

  expect(recorder.read()).toEqual(["later"]);
});

test("a function may only do what its role allows", async () => {
  const { stack, log } = await startBench(() => ({
    hook: hookCode.replaceAll("SendMessageCommand", "ReceiveMessageCommand").replace(/, MessageBody: .* \}\)/, " })"),
  }));

  const answer = await post(stack, "a");

  expect(answer.status).toBe(500);
  expect(log.map(({ text }) => text).join("\n")).toContain("sqs:ReceiveMessage");
});

test("a second stack on the same data folder is refused, and a stopped one makes room", async () => {
  const { stack, app, dataDir } = await startBench();
  const second = (): Promise<LocalStack> => startLocalStack({ cdkOutDir: app.cdkOutDir, dataDir, httpPort: 0 });

  await expect(second()).rejects.toThrow(dataDir);
  await stack.stop();
  const next = await second();
  onTestFinished(() => next.stop(0));

  expect(next.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("a stack that cannot start gives back the data folder and the port", async () => {
  const { stack, app } = await startBench();
  const dataDir = join(temporaryFolder(), "other");
  const taken = Number(new URL(stack.url).port);

  await expect(startLocalStack({ cdkOutDir: app.cdkOutDir, dataDir, httpPort: taken })).rejects.toThrow(String(taken));
  const next = await startLocalStack({ cdkOutDir: app.cdkOutDir, dataDir, httpPort: 0 });
  await next.stop(0);
});

test("what was in the queue when the stack stopped is handled by the next one", async () => {
  const { stack, app, dataDir, recorder } = await startBench();
  const QueueUrl = `${stack.services.endpoint}/000000000000/tiny-jobs`;
  const sqs = new SQSClient({
    endpoint: stack.services.endpoint,
    region: stack.model.region,
    credentials: stack.services.operator,
    useQueueUrlAsEndpoint: false,
  });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `{"id":"kept"}`, DelaySeconds: 5 }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessagesDelayed"] }),
  );
  expect(Attributes?.["ApproximateNumberOfMessagesDelayed"]).toBe("1");
  sqs.destroy();
  await stack.stop();
  expect(recorder.read()).toEqual([]);

  const next = await startLocalStack({ cdkOutDir: app.cdkOutDir, dataDir, httpPort: 0 });
  onTestFinished(() => next.stop(0));
  await next.idle();

  expect(recorder.read()).toEqual(["kept"]);
});
