import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { definePartner } from "../../../lib/engine/define-partner.ts";
import type { WebhookDriver } from "../../../lib/engine/define-partner.ts";
import { Job } from "../../../lib/engine/job.ts";
import { ownTokenWebhooks } from "../../../lib/engine/signatures/own-token-webhooks.ts";
import { slackSignature } from "../../../lib/engine/signatures/slack.ts";
import { tokenHeader } from "../../../lib/engine/signatures/token-header.ts";
import { xeroSignature } from "../../../lib/engine/signatures/xero.ts";
import { slackChallenge } from "../../../lib/engine/webhooks/slack-challenge.ts";
import { xeroIntent } from "../../../lib/engine/webhooks/xero-intent.ts";
import { answerGateway } from "../../../lib/flows/ingest/answer-gateway.ts";
import { createMemoryPorts, startMs } from "../../support/memory-ports.ts";
import { acme } from "../support/acme.ts";

const secret = "acme:a-secret-of-the-tests";

/** The door of a partner whose webhooks are as said, by way of the gateway's events. */
function open(over: Partial<WebhookDriver>, secrets: readonly string[] = [secret]) {
  const { webhook } = acme;
  if (webhook === undefined) throw new Error("acme has no webhook");
  const driver = definePartner({ ...acme, webhook: { ...webhook, ...over } });
  const ports = createMemoryPorts({
    partners: [driver],
    secrets: { acme: { connectionKey: "key-of-the-tests", webhookSecrets: secrets, app: {} } },
  });
  const post = (body: string, headers: Readonly<Record<string, string>>, routeKey = "POST /webhooks/acme") =>
    answerGateway(ports, "acme", {
      routeKey,
      rawPath: routeKey.replace("POST ", ""),
      rawQueryString: "",
      headers,
      requestContext: { domainName: "hooks.example", requestId: "request-1", http: { method: "POST" } },
      ...(body !== "" && { body }),
      isBase64Encoded: false,
    });
  return { ports, post };
}

const time = String(startMs / 1000);
const slackSigned = (body: string) => ({
  "x-slack-request-timestamp": time,
  "x-slack-signature": `v0=${createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex")}`,
});
const xeroSigned = (body: string) => ({
  "x-xero-signature": createHmac("sha256", secret).update(body).digest("base64"),
});

describe("Slack's challenge", () => {
  const slack = { verify: slackSignature, challenge: slackChallenge, answer: { status: 200, body: "" } };
  const asked = JSON.stringify({ token: "t", type: "url_verification", challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd" });

  test("is answered with its word and not queued", async () => {
    const { ports, post } = open(slack);
    expect(await post(asked, slackSigned(asked))).toMatchObject({
      statusCode: 200,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd",
    });
    expect(ports.lanes.sent).toEqual([]);
  });

  test("of whoever cannot sign gets no word back", async () => {
    const { ports, post } = open(slack);
    const { statusCode, body } = await post(asked, slackSigned(`${asked} `));
    expect(statusCode).toBe(401);
    expect(body).not.toContain("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd");
    expect(ports.lanes.sent).toEqual([]);
  });

  test("is told from events, which are queued and answered as the driver says", async () => {
    const { ports, post } = open(slack);
    const event = JSON.stringify({ type: "event_callback", event_id: "Ev1", event: { type: "message" } });
    expect(await post(event, slackSigned(event))).toMatchObject({ statusCode: 200, body: "" });
    const form = "payload=%7B%22type%22%3A%22url_verification%22%7D";
    expect((await post(form, slackSigned(form))).statusCode).toBe(200);
    expect(ports.lanes.sent).toHaveLength(2);
  });
});

describe("Xero's intent to receive", () => {
  const xero = {
    verify: xeroSignature,
    challenge: xeroIntent,
    answer: { status: 200, body: "" },
    refusesWithoutBody: true,
  } as const;
  const probe = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}';

  test("is 200 without a word when it is rightly signed, 401 without one when it is not, and never queued", async () => {
    const { ports, post } = open(xero);
    expect(await post(probe, xeroSigned(probe))).toMatchObject({ statusCode: 200, body: "" });
    for (const headers of [xeroSigned(`${probe} `), { "x-xero-signature": "wrong" }, {}])
      expect(await post(probe, headers)).toMatchObject({ statusCode: 401, body: "" });
    expect(ports.lanes.sent).toEqual([]);
  });

  test("is told from events by there being none", async () => {
    const { ports, post } = open(xero);
    const events = probe.replace("[]", '[{"resourceId":"1"}]');
    expect(await post(events, xeroSigned(events))).toMatchObject({ statusCode: 200, body: "" });
    expect(ports.lanes.sent).toHaveLength(1);
  });
});

test("a challenge that is rightly signed and anything at all is answered or queued, and never fails", async () => {
  const asking = open({ verify: slackSignature, challenge: slackChallenge });
  const probing = open({ verify: xeroSignature, challenge: xeroIntent });
  const value = fc.oneof(fc.json(), fc.string(), fc.constant("x".repeat(5_000)));
  await fc.assert(
    fc.asyncProperty(value, async (body) => {
      expect([200, 202]).toContain((await asking.post(body, slackSigned(body))).statusCode);
      expect([200, 202]).toContain((await probing.post(body, xeroSigned(body))).statusCode);
    }),
  );
});

describe("every answer", () => {
  test("is for nobody to keep, to sniff at or to run: taken, challenged, refused or broken", async () => {
    const { ports, post } = open({ verify: slackSignature, challenge: slackChallenge });
    const asked = JSON.stringify({ type: "url_verification", challenge: "<script>alert(1)</script>" });
    const answers = [await post("{}", slackSigned("{}")), await post(asked, slackSigned(asked)), await post("{}", {})];
    ports.partnerSecrets.read = () => Promise.reject(new Error("GetSecretValue of sluice-dev/partners/acme failed"));
    answers.push(await post("{}", slackSigned("{}")));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 200, 401, 503]);
    for (const { headers } of answers)
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
      });
  });

  test("that is a failure of ours says nothing of it: no stack, no message, no name", async () => {
    const { ports, post } = open({ verify: slackSignature });
    ports.partnerSecrets.read = () => Promise.reject(new Error("GetSecretValue of sluice-dev/partners/acme failed"));
    const { statusCode, body } = await post("{}", slackSigned("{}"));
    expect([statusCode, body]).toEqual([503, ""]);
    expect(ports.log.lines).toContainEqual(
      expect.objectContaining({ level: "error", message: "a webhook could not be taken; answered 503" }),
    );
  });
});

test.each([199, 302, 401, 500, 200.5])("a driver cannot answer %s to what was taken", (status) => {
  expect(() => open({ answer: { status, body: "" } })).toThrow(/^acme: .*2xx/);
});

describe("facts in headers, beside an empty body", () => {
  const google = {
    verify: tokenHeader("x-goog-channel-token"),
    keepHeaders: ["x-goog-channel-id", "x-goog-message-number", "x-goog-resource-state"],
  };
  const told = (number: number, more: Readonly<Record<string, string>> = {}) => ({
    "x-goog-channel-token": secret,
    "x-goog-channel-id": "channel-1",
    "x-goog-message-number": String(number),
    "x-goog-resource-state": "exists",
    "user-agent": "APIs-Google",
    ...more,
  });

  test("are kept in the job, they alone, and make two notifications of one body two jobs", async () => {
    const { ports, post } = open(google);
    for (const number of [2, 3, 3]) expect((await post("", told(number))).statusCode).toBe(202);
    const jobs = ports.lanes.sent.map(({ job }) => Job.parse(JSON.parse(JSON.stringify(job))));
    expect(jobs[0]?.work).toMatchObject({
      headers: { "x-goog-channel-id": "channel-1", "x-goog-message-number": "2", "x-goog-resource-state": "exists" },
      body: { kind: "text", text: "" },
    });
    expect(JSON.stringify(jobs)).not.toContain(secret);
    const [one, two, again] = jobs.map(({ id }) => id);
    expect(two).not.toBe(one);
    expect(again).toBe(two);
  });

  test("are refused when one is longer than any fact is, and what is not kept may be", async () => {
    const { ports, post } = open(google);
    expect((await post("", told(2, { "x-goog-channel-id": "x".repeat(2_001) }))).statusCode).toBe(400);
    expect((await post("", told(2, { cookie: "x".repeat(9_000) }))).statusCode).toBe(202);
    expect(ports.lanes.sent).toHaveLength(1);
  });
});

test("the largest body that travels in its message fits, whatever it is made of and whatever is kept beside it", async () => {
  // API Gateway takes 10,240 bytes of headers: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  const kept = ["x-a", "x-b", "x-c", "x-d", "x-e"];
  const headers = Object.fromEntries(kept.map((name) => [name, '"'.repeat(2_000)]));
  const { ports, post } = open({ verify: tokenHeader("x-token"), keepHeaders: kept });
  for (const bytes of [160 * 1024, 160 * 1024 + 1])
    expect((await post("\u0001".repeat(bytes), { ...headers, "x-token": secret })).statusCode).toBe(202);
  const [inline, claimed] = ports.lanes.sent.map(({ job }) => job);
  expect(inline?.work).toMatchObject({ body: { kind: "text" } });
  expect(claimed?.work).toMatchObject({ body: { kind: "claim" } });
  // SQS's bound: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
  expect(Buffer.byteLength(JSON.stringify(inline))).toBeLessThan(1_048_576 - 4_096);
});

describe("a partner that fetches its token from us", () => {
  const route = "POST /webhooks/acme/token";
  const form = "grant_type=client_credentials";
  const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });
  const Token = z.object({ access_token: z.string(), expires_in: z.literal(3600) });
  const inverted = { verify: ownTokenWebhooks("acme") };

  test("gets one for its secret, and is let in with it for an hour", async () => {
    const { ports, post } = open(inverted);
    const answer = await post(form, basic(secret), route);
    expect(answer).toMatchObject({ statusCode: 200, headers: { "cache-control": "no-store" } });
    const authorization = `Bearer ${Token.parse(JSON.parse(answer.body)).access_token}`;
    expect((await post("{}", { authorization })).statusCode).toBe(202);
    ports.clock.advance(3_600_000);
    expect((await post("{}", { authorization })).statusCode).toBe(401);
    expect(ports.lanes.sent).toHaveLength(1);
    expect(JSON.stringify([ports.log.lines, ports.metrics.counts])).not.toContain("a-secret-of-the-tests");
  });

  test("gets none for another secret, none without any, and a token of a secret taken away is none", async () => {
    const { ports, post } = open(inverted);
    expect((await post(form, basic(`${secret}x`), route)).statusCode).toBe(401);
    const { access_token: token } = Token.parse(JSON.parse((await post(form, basic(secret), route)).body));
    ports.partnerSecrets.set("acme", { connectionKey: "key-of-the-tests", webhookSecrets: [], app: {} });
    expect((await post(form, basic(secret), route)).statusCode).toBe(401);
    expect((await post("{}", { authorization: `Bearer ${token}` })).statusCode).toBe(401);
    expect(ports.lanes.sent).toEqual([]);
  });

  test("is the only one that is given any", async () => {
    const { post } = open({ verify: slackSignature });
    expect((await post(form, basic(secret), route)).statusCode).toBe(404);
  });

  test("asks in whatever way, and gets an answer of OAuth's", async () => {
    const { ports, post } = open(inverted);
    const header = fc.oneof(fc.string(), fc.constant(basic(secret).authorization));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.constant(form)), header, async (body, authorization) => {
        const { statusCode } = await post(body, { authorization }, route);
        expect([200, 400, 401]).toContain(statusCode);
        expect(statusCode === 200).toBe(body === form && authorization === basic(secret).authorization);
      }),
    );
    expect(ports.lanes.sent).toEqual([]);
  });
});
