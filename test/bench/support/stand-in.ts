import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";

/** What the stand-in's services hold. */
export interface StandInContent {
  /** SecretString of every secret, whatever its name. */
  readonly secret: string;
  /** The item that every GetItem finds, in DynamoDB's own JSON. */
  readonly item: Readonly<Record<string, unknown>>;
}

/** One call that arrived. */
export interface SeenCall {
  /** `sqs:SendMessage`, `s3:PutObject`. */
  readonly action: string;
  readonly requestBytes: number;
  /** A message with a group, on what is then a fair queue. */
  readonly grouped: boolean;
}

export interface StandIn {
  readonly endpoint: string;
  /** The calls since they were last taken. */
  takeCalls(): readonly SeenCall[];
  close(): Promise<void>;
}

/** Just enough of SQS, Secrets Manager, DynamoDB and S3 on one loopback address to answer one webhook, and to count what it asks for. */
export async function openStandIn(content: StandInContent): Promise<StandIn> {
  let calls: SeenCall[] = [];
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    void readAll(incoming).then((body) => {
      const action = actionOf(incoming);
      const answer = answerTo(action, body, content);
      calls.push({ action, requestBytes: body.byteLength, grouped: body.includes('"MessageGroupId"') });
      outgoing.writeHead(answer === null ? 400 : 200, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end(answer ?? JSON.stringify({ __type: "UnknownOperationException", message: action }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const services: Readonly<Record<string, string>> = {
  AmazonSQS: "sqs",
  secretsmanager: "secretsmanager",
  DynamoDB_20120810: "dynamodb",
};

function actionOf(incoming: IncomingMessage): string {
  const [service = "", operation = ""] = String(incoming.headers["x-amz-target"] ?? "").split(".");
  if (operation !== "") return `${services[service] ?? service}:${operation}`;
  return incoming.method === "PUT" ? "s3:PutObject" : `unknown:${incoming.method} ${incoming.url}`;
}

/** null: nothing that this stand-in knows. */
function answerTo(action: string, body: Buffer, content: StandInContent): string | null {
  switch (action) {
    case "sqs:SendMessage":
      return JSON.stringify({
        MessageId: "8f2ab5a8-0000-4000-8000-000000000000",
        MD5OfMessageBody: md5OfMessage(body),
      });
    case "secretsmanager:GetSecretValue":
      return JSON.stringify({ Name: "bench", VersionId: "1", SecretString: content.secret });
    case "dynamodb:GetItem":
      return JSON.stringify({ Item: content.item });
    case "s3:PutObject":
      return "";
    default:
      return null;
  }
}

/** The SDK's client checks it. */
function md5OfMessage(body: Buffer): string {
  const input: unknown = JSON.parse(body.toString());
  const text = typeof input === "object" && input !== null && "MessageBody" in input ? String(input.MessageBody) : "";
  return createHash("md5").update(text).digest("hex");
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
