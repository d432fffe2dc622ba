import { expect, test } from "vitest";
import type { DoorRequest } from "../../../lib/local/front-door/door-request.ts";
import type { Identities, Identity } from "../../../lib/local/front-door/identities.ts";
import { verifySignature } from "../../../lib/local/front-door/signature.ts";

// AWS's published examples: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-test-suite.html (the suite's key
// is an example, good for nothing).

const exampleMs = Date.UTC(2015, 7, 30, 12, 36, 0);
const example: Identity = {
  caller: { kind: "operator" },
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
};
const identities = {
  find: (id: string) => (id === "AKIDEXAMPLE" ? example : null),
} as Identities; // only `find` is asked

function request(signedHeaders: string, signature: string, changes: Partial<DoorRequest> = {}): DoorRequest {
  const credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  const { headers, ...rest } = changes;
  return {
    method: "GET",
    path: "/",
    query: "",
    body: Buffer.alloc(0),
    headers: { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z", authorization, ...headers },
    ...rest,
  };
}

const vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

test("get-vanilla", () => {
  const signed = verifySignature(request("host;x-amz-date", vanilla), identities, exampleMs);
  expect(signed).toMatchObject({ service: "service", region: "us-east-1" });
});

test("get-vanilla-query-order-key-case", () => {
  const signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
  const query = "Param2=value2&Param1=value1";
  expect(() => verifySignature(request("host;x-amz-date", signature, { query }), identities, exampleMs)).not.toThrow();
});

test("post-vanilla", () => {
  const signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
  expect(() =>
    verifySignature(request("host;x-amz-date", signature, { method: "POST" }), identities, exampleMs),
  ).not.toThrow();
});

test.each<[string, Partial<DoorRequest>]>([
  ["another method", { method: "PUT" }],
  ["another path", { path: "/x" }],
  ["another query", { query: "a=b" }],
  ["another body", { body: Buffer.from("x") }],
  ["another host", { headers: { host: "example.com" } }],
])("%s does not fit the signature", (_name, changes) => {
  expect(() => verifySignature(request("host;x-amz-date", vanilla, changes), identities, exampleMs)).toThrow(
    expect.objectContaining({ code: "SignatureDoesNotMatch", status: 403 }),
  );
});

test("a signature is good for five minutes", () => {
  const verifyAt = (nowMs: number) => () => verifySignature(request("host;x-amz-date", vanilla), identities, nowMs);
  expect(verifyAt(exampleMs + 5 * 60_000)).not.toThrow();
  expect(verifyAt(exampleMs + 5 * 60_000 + 1)).toThrow(expect.objectContaining({ code: "SignatureDoesNotMatch" }));
});

test("temporary credentials are refused without their token", () => {
  const temporary = { find: () => ({ ...example, sessionToken: "token" }) } as unknown as Identities; // only `find` is asked
  expect(() => verifySignature(request("host;x-amz-date", vanilla), temporary, exampleMs)).toThrow(
    expect.objectContaining({ code: "UnrecognizedClientException" }),
  );
  const headers = { "x-amz-security-token": "token" };
  expect(() => verifySignature(request("host;x-amz-date", vanilla, { headers }), temporary, exampleMs)).not.toThrow();
});
