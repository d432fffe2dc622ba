import { describe, expect, test } from "vitest";
import { makeConnectionId } from "../../../lib/engine/connection-id.ts";
import { definePartner } from "../../../lib/engine/define-partner.ts";
import { seal } from "../../../lib/engine/seal.ts";
import { secretPath } from "../../../lib/engine/signatures/secret-path.ts";
import { answerGateway } from "../../../lib/flows/ingest/answer-gateway.ts";
import { createRouteTable } from "../../../lib/local/http/route-table.ts";
import { createMemoryPorts } from "../../support/memory-ports.ts";
import { acme, connection } from "../support/acme.ts";

const key = "acme-connection-key-of-the-tests";
const word = "an-invented-word-of-enough-letters";
const ownWord = "another-invented-word-of-enough-letters";
/** As test/infra/edge-stack.test.ts has them. */
const routes = ["/webhooks/acme", "/webhooks/acme/{connectionId}", "/webhooks/acme/{connectionId}/{word}"];
const table = createRouteTable(routes.map((path) => ({ routeKey: `POST ${path}` })));

/** The door of a partner that signs nothing, and two connections, the second with a word of its own. */
async function open() {
  const { webhook } = acme;
  if (webhook === undefined) throw new Error("acme has no webhook");
  const driver = definePartner({ ...acme, webhook: { ...webhook, verify: secretPath } });
  const ports = createMemoryPorts({
    partners: [driver],
    secrets: { acme: { connectionKey: key, webhookSecrets: [word], app: {} } },
  });
  const [plain, own] = [makeConnectionId("acme", key, ports.random), makeConnectionId("acme", key, ports.random)];
  await ports.connections.create({ ...connection, connectionId: plain, account: "acct-1" });
  const sealedWebhookSecret = seal(ownWord, key, `acme#${own}`);
  await ports.connections.create({ ...connection, connectionId: own, account: "acct-2", sealedWebhookSecret });
  const post = async (rawPath: string) => {
    const match = table.match("POST", rawPath);
    if (match === null) return 404;
    const { routeKey } = match.route;
    const answer = await answerGateway(ports, "acme", {
      routeKey,
      rawPath,
      rawQueryString: "",
      headers: {},
      pathParameters: match.pathParameters,
      requestContext: { domainName: "hooks.example", requestId: "request-1", http: { method: "POST" } },
      body: "{}",
      isBase64Encoded: false,
    });
    return answer.statusCode;
  };
  const taken = () => ports.lanes.sent.map(({ job }) => job.connectionId);
  return { ports, plain, own, post, taken };
}

describe("a partner that signs nothing", () => {
  test("is let in by the word at the end of the address: of all connections, of one, of one that has its own", async () => {
    const { ports, plain, own, post, taken } = await open();
    expect(await post(`/webhooks/acme/${word}`)).toBe(202);
    expect(await post(`/webhooks/acme/${plain}/${word}`)).toBe(202);
    expect(await post(`/webhooks/acme/${own}/${ownWord}`)).toBe(202);
    expect(taken()).toEqual([null, plain, own]);
    const kept = JSON.stringify([ports.lanes.sent, ports.log.lines]);
    expect([kept.includes(word), kept.includes(ownWord)]).toEqual([false, false]);
  });

  test("is not let in by a connection's id, which is no secret, nor by another word", async () => {
    const { plain, own, post, taken } = await open();
    const refused = [
      "/webhooks/acme",
      `/webhooks/acme/${plain}`,
      `/webhooks/acme/${plain}/${ownWord}`,
      `/webhooks/acme/${own}/${word}`,
      `/webhooks/acme/${ownWord}`,
      `/webhooks/acme/${word}x`,
    ];
    for (const path of refused) expect([path, await post(path)]).toEqual([path, 401]);
    expect(await post(`/webhooks/acme/no-connection/${word}`)).toBe(404);
    expect(taken()).toEqual([]);
  });

  test("costs no look-up for an id that we did not make", async () => {
    const { ports, plain, post } = await open();
    const forged = `${plain.slice(0, -1)}${plain.endsWith("A") ? "B" : "A"}`;
    ports.connections.read = () => Promise.reject(new Error("a look-up for a stranger"));
    expect(await post(`/webhooks/acme/${forged}/${word}`)).toBe(404);
  });
});
