import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { readEnvironment } from "../../lib/aws/environment.ts";
import { createSignedCalls, SignedCallError } from "../../lib/aws/signed-calls.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const seen: Seen[] = [];
let answers: ((response: ServerResponse) => void)[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method = "", url = "", headers } = request;
    seen.push({ method, url, headers, body: Buffer.concat(chunks) });
    const answer = answers.shift() ?? ((last: ServerResponse) => void last.end("{}"));
    answer(response);
  });
});
let endpoint = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  // A server that listens on a port has an address with one.
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  seen.splice(0);
  answers = [];
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

const deployed = {
  SLUICE_STAGE: "dev",
  SLUICE_QUEUE_BASE_URL: "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/",
  SLUICE_CLAIM_BUCKET: "claim-checks",
  SLUICE_KEY_ID: "arn:aws:kms:cn-north-1:123456789012:alias/x",
  AWS_REGION: "cn-north-1",
};
const keys = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "the-key", AWS_SESSION_TOKEN: "the-session" };

function callsAt(source: Readonly<Record<string, string>>, clock = new VirtualClock()) {
  const environment = readEnvironment(source);
  return createSignedCalls(environment, { ...source, ...keys }, { clock, random: new SeededRandom(1) });
}

const local = () => callsAt({ ...deployed, AWS_ENDPOINT_URL: endpoint });
const fault = (status: number, type: string) => (response: ServerResponse) =>
  void response
    .writeHead(status, { "content-type": "application/x-amz-json-1.0" })
    .end(JSON.stringify({ __type: type }));

/** Signature Version 4 by the book: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signatureOf({ method, url, headers, body }: Seen, service: string): string {
  const authorization = String(headers["authorization"]);
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? "";
  const given =
    service === "s3" ? String(headers["x-amz-content-sha256"]) : createHash("sha256").update(body).digest("hex");
  const lines = signed.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, url, "", lines.join(""), signed, given].join("\n");
  const time = String(headers["x-amz-date"]);
  const scope = `${time.slice(0, 8)}/cn-north-1/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = scope.split("/").reduce<string | Buffer>((former, part) => hmac(former, part), "AWS4the-key");
  return hmac(key, toSign).toString("hex");
}

describe("calls signed by hand", () => {
  it("carry the signature that AWS computes, for each protocol", async () => {
    await local().json("SQS", "SendMessage", { QueueUrl: "q", MessageBody: "ä" });
    await local().json("DYNAMODB", "GetItem", {});
    await local().json("SECRETS_MANAGER", "GetSecretValue", {});
    await local().putObject("claim-checks", "bodies/acme/00ff", Buffer.from("body"));
    const services = ["sqs", "dynamodb", "secretsmanager", "s3"];
    for (const [index, call] of seen.entries()) {
      const service = services[index] ?? "";
      expect(call.headers["authorization"]).toContain(`/cn-north-1/${service}/aws4_request`);
      expect(call.headers["authorization"]).toContain(`Signature=${signatureOf(call, service)}`);
      expect(call.headers["x-amz-security-token"]).toBe("the-session");
    }
    expect(seen.map((call) => call.headers["x-amz-target"])).toEqual([
      "AmazonSQS.SendMessage",
      "DynamoDB_20120810.GetItem",
      "secretsmanager.GetSecretValue",
      undefined,
    ]);
    expect(seen[3]).toMatchObject({ method: "PUT", url: "/claim-checks/bodies/acme/00ff", body: Buffer.from("body") });
  });

  it("go to the services' public addresses of the partition that the queue is in", async () => {
    const urls: string[] = [];
    vi.stubGlobal("fetch", async (request: Request) => {
      urls.push(request.url);
      return new Response("{}");
    });
    const calls = callsAt(deployed);
    for (const service of ["SQS", "DYNAMODB", "SECRETS_MANAGER"] as const) await calls.json(service, "Any", {});
    await calls.putObject("claim-checks", "bodies/acme/00ff", new Uint8Array(1));
    expect(urls).toEqual([
      "https://sqs.cn-north-1.amazonaws.com.cn/",
      "https://dynamodb.cn-north-1.amazonaws.com.cn/",
      "https://secretsmanager.cn-north-1.amazonaws.com.cn/",
      "https://claim-checks.s3.cn-north-1.amazonaws.com.cn/bodies/acme/00ff",
    ]);
  });

  it("are made again when the service is busy or the connection breaks, with a pause before each", async () => {
    const clock = new VirtualClock();
    answers = [
      fault(503, "ServiceUnavailable"),
      (response) => void response.destroy(),
      (response) => void response.end('{"ok":1}'),
    ];
    expect(await callsAt({ ...deployed, AWS_ENDPOINT_URL: endpoint }, clock).json("SQS", "SendMessage", {})).toEqual({
      ok: 1,
    });
    expect(clock.slept).toHaveLength(2);
    answers = [fault(400, "com.amazonaws.dynamodb#ProvisionedThroughputExceededException")];
    expect(await local().json("DYNAMODB", "GetItem", {})).toEqual({});
  });

  it("fail after three tries, with the service's code", async () => {
    answers = Array.from({ length: 9 }, () => fault(500, "InternalFailure"));
    const failed = await local()
      .json("SQS", "SendMessage", {})
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(SignedCallError);
    expect(failed).toMatchObject({ code: "InternalFailure", message: "sqs:SendMessage failed: InternalFailure" });
    expect(seen).toHaveLength(3);
  });

  it("fail at once when the service says no, telling nothing of what was sent", async () => {
    answers = [fault(400, "com.amazonaws.sqs#AccessDeniedException")];
    const failed = await local()
      .json("SQS", "SendMessage", { MessageBody: "hunter2" })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "AccessDeniedException" });
    expect(String(failed)).not.toContain("hunter2");
    expect(seen).toHaveLength(1);
    answers = [(response) => void response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>")];
    await expect(local().putObject("claim-checks", "k", new Uint8Array(1))).rejects.toThrow("HTTP 403");
  });
});
