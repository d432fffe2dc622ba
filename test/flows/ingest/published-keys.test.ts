import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OutboundAnswer } from "../../../lib/engine/ports.ts";
import { createPublishedVerifier } from "../../../lib/flows/ingest/published-keys.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import { createMemoryPorts, jsonAnswer } from "../../support/memory-ports.ts";
import { publishers } from "./support/publishers.ts";
import type { Publisher } from "./support/publishers.ts";

/** A door of one function, to which the partner's key server answers. */
function open(publisher: Publisher) {
  const { driver, webhookSecrets, nowMs } = publisher;
  const app = { clientId: "our-client", secret: "our-secret" };
  const ports = createMemoryPorts({
    partners: [driver],
    nowMs,
    secrets: { acme: { connectionKey: "key-of-the-tests", webhookSecrets, app } },
  });
  const ingest = { ...ports, verifyPublished: createPublishedVerifier(ports) };
  const publish = (...ids: readonly string[]) => ports.transport.respond((request) => publisher.answer(request, ids));
  const address = { partner: "acme", connectionId: null, url: "https://hooks.example/webhooks/acme", method: "POST" };
  const post = async (id: string, over: Partial<ReturnType<Publisher["send"]>> = {}) => {
    const sent = publisher.send(id, ports.clock.nowMs());
    return (await ingestWebhook(ingest, { ...address, ...sent, ...over, trace: "trace" })).status;
  };
  publish("one");
  return { ports, post, publish };
}

const hourMs = 3_600_000;

describe.each(publishers.map((publisher) => [publisher.title, publisher] as const))("%s", (_, publisher) => {
  test("is taken under a published key, which is asked for once", async () => {
    const { ports, post } = open(publisher);
    expect([await post("one"), await post("one")]).toEqual([202, 202]);
    expect(ports.lanes.sent).toHaveLength(2);
    expect(ports.transport.requests).toHaveLength(1);
    const [asked] = ports.transport.requests;
    expect(new URL(asked?.url ?? "").host).toBe(publisher.host);
    expect(asked?.timeoutMs).toBeLessThanOrEqual(5_000);
    expect(asked?.bytesMax).toBeLessThanOrEqual(64 * 1024);
  });

  test("is refused when a character of what it sent is another, whether or not the key is known", async () => {
    const { ports, post } = open(publisher);
    const { headers } = publisher.send("one", publisher.nowMs);
    const name = Object.keys(headers).find((header) => /sig$|verification|authorization/.test(header)) ?? "";
    const value = headers[name] ?? "";
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8, max: value.length - 1 }), async (index) => {
        const other = value[index] === "A" ? "B" : "A";
        const forged = `${value.slice(0, index)}${other}${value.slice(index + 1)}`;
        // 429 is for key ids that nobody knows, of which a changed token may bear one.
        expect([401, 429]).toContain(await post("one", { headers: { ...headers, [name]: forged } }));
      }),
      { numRuns: 30 },
    );
    expect(ports.lanes.sent).toEqual([]);
  });

  test("goes on under a key that was rotated in, and for a while under the old one", async () => {
    const { ports, post, publish } = open(publisher);
    expect(await post("one")).toBe(202);
    publish("two");
    expect([await post("two"), await post("one")]).toEqual([202, 202]);
    await ports.clock.sleep(hourMs);
    // The old key is asked for again, and is gone.
    expect([await post("two"), await post("one")]).toEqual([202, 401]);
  });

  test("is refused under a key whose time is over, although it signed rightly", async () => {
    const { ports, post } = open(publisher);
    ports.transport.respond((request) => publisher.answerEnded(request, "one"));
    expect(await post("one")).toBe(401);
    expect(ports.lanes.sent).toEqual([]);
  });

  const broken: readonly (readonly [string, OutboundAnswer])[] = [
    ["does not answer", { kind: "lost", reason: "timeout", detail: "no answer in time" }],
    ["is broken", jsonAnswer(500, { error: "broken" })],
    ["turns us away", jsonAnswer(429, {})],
    ["does not know us", jsonAnswer(401, { error: "no" })],
    ["sends us elsewhere", jsonAnswer(302, {}, { location: "https://evil.example/key" })],
    ["says something else", jsonAnswer(200, { page: "welcome" })],
    ["says too much", jsonAnswer(200, { keys: "x".repeat(100_000) })],
  ];
  test.each(broken)(
    "is answered 503 while its key server %s, never taken, and taken when it comes again",
    async (_what, answer) => {
      const { ports, post, publish } = open(publisher);
      ports.transport.respond(() => answer);
      expect([await post("one"), await post("one")]).toEqual([503, 503]);
      expect(ports.lanes.sent).toEqual([]);
      expect(ports.metrics.counts).toContainEqual(expect.objectContaining({ name: "WebhooksUnavailable" }));
      expect(JSON.stringify(ports.log.lines)).not.toMatch(/our-secret|our-client/);
      publish("one");
      expect(await post("one")).toBe(202);
    },
  );

  test("costs few calls when strangers send a flood of keys that nobody knows, and rings no alarm", async () => {
    const { ports, post } = open(publisher);
    expect(await post("one")).toBe(202);
    const answers = new Set<number>();
    for (let index = 0; index < 200; index++) answers.add(await post(`stranger-${index}`));
    expect([...answers].toSorted((a, b) => a - b)).toEqual([401, 429]);
    expect(ports.transport.requests.length).toBeLessThanOrEqual(13);
    expect(await post("one")).toBe(202);
    expect(ports.lanes.sent).toHaveLength(2);
    expect(ports.metrics.counts.filter(({ name }) => name === "WebhooksUnavailable")).toEqual([]);
  });

  test("lets its own keys be renewed in the middle of such a flood", async () => {
    const { ports, post } = open(publisher);
    expect(await post("one")).toBe(202);
    await ports.clock.sleep(hourMs);
    for (let index = 0; index < 100; index++) await post(`stranger-${index}`);
    expect(await post("one")).toBe(202);
  });

  test("calls no host that the driver does not allow", async () => {
    const elsewhere = { ...publisher.driver, baseUrl: "https://api.acme.example", hosts: [] };
    const { ports, post } = open({ ...publisher, driver: elsewhere });
    // Plaid's key server is below the base URL, wherever that is.
    const calls = publisher.title === "Plaid" ? 1 : 0;
    expect(await post("one")).toBe(calls === 1 ? 202 : 503);
    expect(ports.transport.requests).toHaveLength(calls);
    for (const { url } of ports.transport.requests) expect(new URL(url).host).toBe("api.acme.example");
  });

  test("is answered 503 by a function that has no way out", async () => {
    const { ports } = open(publisher);
    const sent = publisher.send("one", publisher.nowMs);
    const request = { partner: "acme", connectionId: null, url: "", method: "POST", trace: "trace", ...sent };
    expect((await ingestWebhook(ports, request)).status).toBe(503);
    expect(ports.lanes.sent).toEqual([]);
  });
});
