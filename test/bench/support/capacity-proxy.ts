import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import * as z from "zod";

export interface Capacity {
  readonly calls: number;
  readonly units: number;
}

export interface CapacityProxy {
  readonly endpoint: string;
  /** By operation and table: `UpdateItem records`. */
  taken(): Readonly<Record<string, Capacity>>;
  close(): Promise<void>;
}

const Consumed = z.object({ TableName: z.string(), CapacityUnits: z.number() });
const Answer = z.looseObject({ ConsumedCapacity: z.union([Consumed, z.array(Consumed)]).optional() });

/** Stands before a DynamoDB and asks of every call what it cost. */
export async function openCapacityProxy(target: string): Promise<CapacityProxy> {
  const totals = new Map<string, { calls: number; units: number }>();
  const server = createServer((incoming, outgoing) => {
    void forward(target, incoming).then(({ status, body, operation }) => {
      count(totals, operation, body);
      outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    taken: () => Object.fromEntries(totals),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function forward(
  target: string,
  incoming: IncomingMessage,
): Promise<{ status: number; body: string; operation: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const input: unknown = JSON.parse(Buffer.concat(chunks).toString());
  const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "unknown";
  const answer = await fetch(target, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      authorization: incoming.headers.authorization ?? "",
      "x-amz-date": String(incoming.headers["x-amz-date"]),
    },
    // Every DynamoDB call's input is an object.
    body: JSON.stringify({ ...(input as object), ReturnConsumedCapacity: "TOTAL" }),
  });
  return { status: answer.status, body: await answer.text(), operation };
}

function count(totals: Map<string, { calls: number; units: number }>, operation: string, body: string): void {
  const consumed = Answer.parse(JSON.parse(body)).ConsumedCapacity ?? [];
  for (const { TableName, CapacityUnits } of Array.isArray(consumed) ? consumed : [consumed]) {
    const name = `${operation} ${TableName}`;
    const former = totals.get(name) ?? { calls: 0, units: 0 };
    totals.set(name, { calls: former.calls + 1, units: former.units + CapacityUnits });
  }
}
