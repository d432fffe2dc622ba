import { describe, expect, it } from "vitest";
import { seal, sealBytes } from "../../../../lib/engine/seal.ts";
import { sealFor } from "../../../../lib/flows/oauth/attempt-seal.ts";
import type { ServiceCall } from "../../../../lib/local/front-door/door-request.ts";
import { KnownSecrets } from "../../../../lib/local/world/secrets/known-secrets.ts";
import { SecretLearner } from "../../../../lib/local/world/secrets/learn-secrets.ts";

function call(service: string, operation: string, input: Readonly<Record<string, unknown>>): ServiceCall {
  const whole = service === "dynamodb" ? { TableName: "sluice-local-connections", ...input } : input;
  const body = Buffer.from(JSON.stringify(whole));
  const request = { method: "POST", path: "/", query: "", headers: {}, body };
  return {
    service,
    operation,
    input: whole,
    request,
    caller: { kind: "operator" },
    signal: new AbortController().signal,
  };
}

function answer(output: unknown): { status: number; headers: Record<string, string>; body: string } {
  return { status: 200, headers: {}, body: JSON.stringify(output) };
}

const dataKey = Buffer.alloc(32, 7);
const connectionKey = "a-connection-key-of-some-length";
const owner = "acme#acme_1";

function sealedCredential(fields: Readonly<Record<string, string>>, sealedKey: string): string {
  const sealed = sealBytes(Buffer.from(JSON.stringify(fields)), dataKey, { purpose: "credential", context: owner });
  return JSON.stringify({ sealed: sealed.toString("base64"), sealedKey, storedAtMs: 1 });
}

function learned(): { learner: SecretLearner; values: () => string[] } {
  const known = new KnownSecrets();
  return { learner: new SecretLearner(known), values: () => known.all().map(({ value }) => value.toString("utf8")) };
}

describe("a world's secrets are learnt", () => {
  it("from what Secrets Manager answers: every text in it", () => {
    const { learner, values } = learned();
    const content = JSON.stringify({
      connectionKey,
      webhookSecrets: ["whsec_of-the-partner"],
      app: { clientSecret: "the-app's" },
    });
    learner.answered(
      call("secretsmanager", "GetSecretValue", { SecretId: "s" }),
      answer({ Name: "sluice-local/partners/acme", SecretString: content }),
    );
    expect(values()).toEqual([connectionKey, "whsec_of-the-partner", "the-app's"]);
  });

  it("from what is stored sealed, also what was replaced since", () => {
    const { learner, values } = learned();
    for (const token of ["the-first-token", "the-second-token"]) {
      const body = sealedCredential({ accessToken: token }, "blob");
      learner.asked(
        call("dynamodb", "PutItem", { Item: { pk: { S: owner }, sk: { S: "credential" }, body: { S: body } } }),
      );
    }
    learner.answered(
      call("kms", "GenerateDataKey", { KeyId: "k" }),
      answer({ Plaintext: dataKey.toString("base64"), CiphertextBlob: "blob" }),
    );
    expect(learner.openSealed()).toEqual({ opened: 2, shut: [] });
    expect(values()).toEqual(expect.arrayContaining(["the-first-token", "the-second-token", dataKey.toString()]));
  });

  it("from a connection's sealed webhook secret", () => {
    const { learner, values } = learned();
    const sealedWebhookSecret = seal("the-webhook-secret", connectionKey, owner);
    const body = JSON.stringify({ partner: "acme", connectionId: "acme_1", sealedWebhookSecret });
    learner.asked(call("dynamodb", "PutItem", { Item: { pk: { S: owner }, body: { S: body } } }));
    expect(learner.openSealed().shut).toEqual([`what is sealed for ${owner}`]);
    learner.answered(
      call("secretsmanager", "GetSecretValue", { SecretId: "s" }),
      answer({ Name: "sluice-local/partners/acme", SecretString: JSON.stringify({ connectionKey }) }),
    );
    expect(learner.openSealed().shut).toEqual([]);
    expect(values()).toContain("the-webhook-secret");
  });

  it("from what an attempt to connect keeps sealed: the code and the verifier", () => {
    const { learner, values } = learned();
    const key = { partner: "acme", attemptId: "attempt-1" };
    const sealedCode = sealFor(key, connectionKey, JSON.stringify(["the-code-of-one-use", "the-pkce-verifier"]));
    const body = JSON.stringify({ ...key, status: { kind: "received", sealedCode, exchanges: 0 } });
    learner.asked(call("dynamodb", "PutItem", { Item: { pk: { S: "acme#attempt-1" }, body: { S: body } } }));
    learner.answered(
      call("secretsmanager", "GetSecretValue", { SecretId: "s" }),
      answer({ Name: "sluice-local/partners/acme", SecretString: JSON.stringify({ connectionKey }) }),
    );
    expect(learner.openSealed()).toEqual({ opened: 1, shut: [] });
    expect(values()).toEqual(expect.arrayContaining(["the-code-of-one-use", "the-pkce-verifier"]));
  });

  it("and not from partners' records, whose words are their own", () => {
    const { learner } = learned();
    const TableName = "sluice-local-records";
    const data = { S: JSON.stringify({ sealedBid: "not ours" }) };
    learner.asked(call("dynamodb", "PutItem", { TableName, Item: { pk: { S: "acme#acme_1#bids" }, data } }));
    expect(learner.openSealed()).toEqual({ opened: 0, shut: [] });
  });

  it("and what stays shut is named, so that nothing is passed over in silence", () => {
    const { learner } = learned();
    const body = sealedCredential({ accessToken: "a-token-nobody-knows" }, "another blob");
    learner.asked(
      call("dynamodb", "UpdateItem", {
        Key: { pk: { S: owner } },
        ExpressionAttributeValues: { ":body": { S: body } },
      }),
    );
    expect(learner.openSealed()).toEqual({ opened: 0, shut: [`what is sealed for ${owner}`] });
  });
});
