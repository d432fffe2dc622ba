import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startLocalStack } from "../../lib/local/stack.ts";
import { isRunning } from "./support/processes.ts";
import { createRecorder, type Recorder } from "./support/recorder.ts";
import { startStackProcess } from "./support/stack-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { synthesiseTinyApp, type TinyHandlers } from "./support/tiny-app.ts";
import { waitUntil } from "./support/wait.ts";

const rounds = 3;
const hooksEachRound = 30;

interface Recorders {
  readonly worked: Recorder<string>;
  readonly published: Recorder<string>;
  readonly processes: Recorder<number>;
}

/** Webhooks become messages, messages become items, items become changes. */
function handlersWith({ worked, published, processes }: Recorders): TinyHandlers {
  return {
    hook: `
      ${processes.code}
      import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
      const sqs = new SQSClient({});
      record(process.pid);
      export const handler = async (event) => {
        await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: event.pathParameters.id }));
        return { statusCode: 202 };
      };`,
    worker: `
      ${worked.code}
      import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
      const tables = new DynamoDBClient({});
      export const handler = async (event) => {
        for (const each of event.Records) {
          await tables.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: each.body } } }));
          record(each.body);
        }
      };`,
    publisher: `${published.code} export const handler = async (event) => { for (const each of event.Records) record(each.dynamodb.NewImage.pk.S); };`,
    scheduled: `export const handler = async () => {};`,
  };
}

test(
  "no accepted webhook and no written record is lost however often the whole stack is killed",
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder();
    const [worked, published, processes] = [
      createRecorder<string>(folder, "worked"),
      createRecorder<string>(folder, "published"),
      createRecorder<number>(folder, "pids"),
    ];
    const app = synthesiseTinyApp(folder, handlersWith({ worked, published, processes }), 3);
    const dataDir = join(folder, "data");
    const accepted = new Set<string>();

    for (let round = 0; round < rounds; round += 1) {
      const stack = await startStackProcess(app.cdkOutDir, dataDir);
      const workedBefore = worked.read().length;
      const sending = Array.from({ length: hooksEachRound }, async (_, index) => {
        const id = `${round}-${index}`;
        // A request that the kill interrupts was not accepted; its sender would send it again.
        const answer = await fetch(`${stack.url}/hook/${id}`, { method: "POST" }).catch(() => null);
        if (answer?.status === 202) accepted.add(id);
      });
      await waitUntil("some to be handled", () => worked.read().length >= workedBefore + 3 + round * 5);
      await stack.kill();
      await Promise.all(sending);
    }
    await waitUntil("the functions' processes to be gone", () => processes.read().every((pid) => !isRunning(pid)));

    const last = await startLocalStack({ cdkOutDir: app.cdkOutDir, dataDir, httpPort: 0 });
    onTestFinished(() => last.stop(0));
    await last.idle(60_000);

    expect(accepted.size).toBeGreaterThan(rounds * 3);
    const lost = (seen: readonly string[]): readonly string[] => [...accepted].filter((id) => !seen.includes(id));
    expect(lost(worked.read())).toEqual([]);
    // Whatever was written was published, accepted or not.
    expect(worked.read().filter((id) => !published.read().includes(id))).toEqual([]);
  },
);
