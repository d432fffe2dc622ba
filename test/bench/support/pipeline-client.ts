// The world outside of the stack, in a process of its own: the partner that is called back, whoever sends its webhooks, and
// the bare loops that they are compared with.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import process from "node:process";
import { mapBounded } from "../../../lib/engine/map-bounded.ts";
import { sendReceivePut } from "./bare-loop.ts";
import type { BareEnds } from "./bare-loop.ts";
import { Task } from "./pipeline-tasks.ts";
import type { BareTask, WebhookTask } from "./pipeline-tasks.ts";
import { stripeCharge, stripeEvent } from "./stripe-event.ts";
import { webhookSecret } from "./webhook-world.ts";

const bodyBytes = 2_000;
let ownUrl = "";
/** Where the bare loop's door takes a webhook's body. */
let takeBody: (body: string) => Promise<void> = async () => {};

const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  if (incoming.method === "POST") void answerWebhook(incoming, outgoing);
  else answerCharge(incoming, outgoing);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the partner has no port");
  ownUrl = `http://127.0.0.1:${address.port}`;
  process.send?.({ kind: "listening", url: ownUrl });
});

function answerCharge(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const index = /^\/v1\/charges\/ch_3Bench(\d+)$/.exec(incoming.url ?? "")?.[1];
  incoming.resume();
  const body = index === undefined ? { error: { type: "invalid_request_error" } } : stripeCharge(Number(index));
  outgoing.writeHead(index === undefined ? 404 : 200, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

async function answerWebhook(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const [, timestamp, signature] = /^t=(\d+),v1=(\w+)$/.exec(String(incoming.headers["stripe-signature"])) ?? [];
  const genuine = signatureOf(`${timestamp}.${body}`) === signature;
  if (genuine) await takeBody(body);
  outgoing.writeHead(genuine ? 202 : 401).end();
}

process.once("disconnect", () => process.exit());
process.on("message", (message) => {
  workOn(Task.parse(message)).then(
    () => process.send?.({ kind: "done" }),
    (error: unknown) => process.send?.({ kind: "failed", error: String(error) }),
  );
});

function workOn(task: Task): Promise<void> {
  if (task.kind === "webhooks") return sendWebhooks(task);
  return sendReceivePut(task, task.wholeWay ? wholeWay(task) : shortest);
}

async function sendWebhooks({ url, first, count, atOnce }: WebhookTask): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  await mapBounded(numbers, atOnce, (index) => sendWebhook(url, index));
}

async function sendWebhook(url: string, index: number): Promise<void> {
  const body = stripeEvent(index, bodyBytes);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = signatureOf(`${timestamp}.${body}`);
  const headers = { "content-type": "application/json", "stripe-signature": `t=${timestamp},v1=${signature}` };
  const answer = await fetch(url, { method: "POST", headers, body });
  await answer.arrayBuffer();
  if (answer.status !== 202) throw new Error(`a webhook was answered ${answer.status}`);
}

function signatureOf(signed: string): string {
  return createHmac("sha256", webhookSecret).update(signed).digest("hex");
}

/** Nobody is asked: the message is made here, and what it holds is put. */
const shortest: BareEnds = {
  begin: (index, send) => send(stripeEvent(index, bodyBytes)),
  thingOf: async (body) => chargeIn(body),
};

/** What nobody can leave out who takes webhooks and fetches what they name: over HTTP in, verified, and over HTTP out. */
function wholeWay(task: BareTask): BareEnds {
  return {
    begin(index, send) {
      takeBody = send;
      return sendWebhook(`${ownUrl}/${task.table}`, index);
    },
    async thingOf(body) {
      const answer = await fetch(`${ownUrl}/v1/charges/${chargeIn(body).id}`);
      // The partner above answers with a charge.
      return (await answer.json()) as { readonly id: string };
    },
  };
}

function chargeIn(body: string): { readonly id: string } {
  // Our own event.
  const event = JSON.parse(body) as { data: { object: { id: string } } };
  return event.data.object;
}
