import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createWorkInEmergency } from "../../lib/aws/emergency-function.ts";
import { readEnvironment } from "../../lib/aws/environment.ts";
import { EmergencyReport } from "../../lib/engine/emergency.ts";
import { webhookJob } from "../support/port-values.ts";
import { batchFrom, connectionId, lambdaContext, openLambdaWorld } from "./support/lambda-world.ts";
import type { LambdaHandler, LambdaWorld } from "./support/lambda-world.ts";

let world: LambdaWorld;
let emergency: LambdaHandler;

beforeEach(() => {
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
beforeAll(async () => {
  world = await openLambdaWorld();
  // It reads its environment when it is loaded.
  emergency = (await import("../../lambdas/emergency-consume.ts")).handler;
});
afterAll(async () => world.stop());

const send = async (body: string): Promise<void> => {
  await world.services.sqs.send(new SendMessageCommand({ QueueUrl: world.queues.webhooks, MessageBody: body }));
};

describe("emergency-consume", () => {
  it("takes messages from the lane, works them, and removes what is done", { timeout: 30_000 }, async () => {
    const now = Date.now();
    const body = { kind: "text", text: JSON.stringify({ id: "evt_1", type: "nothing.we.follow" }) } as const;
    const work = { kind: "webhook", receivedAtMs: now, contentType: "application/json", body } as const;
    const job = webhookJob({ partner: "stripe", connectionId }, { createdAtMs: now, expiresAtMs: now + 60_000, work });
    await send(JSON.stringify(job));
    await send("no job at all");
    const report = EmergencyReport.parse(await emergency({ lane: "webhooks", count: 10 }, lambdaContext()));
    expect(report).toMatchObject({ kind: "worked", received: 2, removed: 1, left: 1, ended: "empty" });
    // What is left is hidden for the visibility timeout; nothing else is there.
    expect((await batchFrom(world.services, world.queues.webhooks)).Records).toEqual([]);
  });

  it("refuses an order that is none", async () => {
    await expect(emergency({ lane: "webhooks" }, lambdaContext())).rejects.toThrow(/count/);
  });
});

describe("invoking it", () => {
  interface Invoked {
    readonly path: string;
    readonly body: string;
  }

  async function lambdaThatAnswers(
    status: number,
    headers: Readonly<Record<string, string>>,
    answer: unknown,
  ): Promise<{ readonly invoked: Invoked[]; readonly work: ReturnType<typeof createWorkInEmergency> }> {
    const invoked: Invoked[] = [];
    const server = createServer((request, response) => {
      void (async () => {
        invoked.push({ path: request.url ?? "", body: await text(request) });
        response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    // A server that listens on a port has an address with one.
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const environment = readEnvironment({ ...world.services.source, AWS_ENDPOINT_URL_LAMBDA: endpoint });
    return { invoked, work: createWorkInEmergency(environment) };
  }

  const order = { lane: "imports", count: 3 } as const;

  it("calls the partner's function by its name and reads its report", async () => {
    const report = { kind: "held", why: "stripe is paused" };
    const { invoked, work } = await lambdaThatAnswers(200, {}, report);
    expect(await work("stripe", order)).toEqual(report);
    expect(invoked).toEqual([
      { path: "/2015-03-31/functions/sluice-test-stripe-emergency-work/invocations", body: JSON.stringify(order) },
    ]);
  });

  it("tells a function that is not there from one that failed, and calls neither twice", async () => {
    const gone = await lambdaThatAnswers(404, { "x-amzn-errortype": "ResourceNotFoundException" }, { message: "no" });
    expect(await gone.work("stripe", order)).toBeNull();
    const thrown = await lambdaThatAnswers(200, { "x-amz-function-error": "Unhandled" }, { errorMessage: "it broke" });
    await expect(thrown.work("stripe", order)).rejects.toThrow("it broke");
    const throttled = await lambdaThatAnswers(
      429,
      { "x-amzn-errortype": "TooManyRequestsException" },
      { message: "too many" },
    );
    await expect(throttled.work("stripe", order)).rejects.toThrow("too many");
    expect([gone, thrown, throttled].map(({ invoked }) => invoked.length)).toEqual([1, 1, 1]);
  });
});
