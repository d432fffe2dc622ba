import { expect, test } from "vitest";
import { decide } from "../../../lib/local/front-door/policy/decide.ts";
import type { PolicyStatement, ResourcePolicyModel } from "../../../lib/local/types.ts";

const roleArn = "arn:aws:iam::000000000000:role/worker";
const keyArn = "arn:aws:kms:us-east-1:000000000000:key/1";
const queueArn = "arn:aws:sqs:us-east-1:000000000000:jobs";

function statement(effect: "Allow" | "Deny", actions: string[], resources: string[]): PolicyStatement {
  return { effect, actions, resources, notActions: [], notResources: [], conditions: {} };
}

function onResource(
  item: PolicyStatement,
  principals: ResourcePolicyModel["statements"][number]["principals"],
): ResourcePolicyModel {
  return { resourceArn: queueArn, statements: [{ ...item, principals, notPrincipals: null }] };
}

const send = { action: "sqs:SendMessage", resource: queueArn, context: {} };
const allowSend = statement("Allow", ["sqs:SendMessage"], [queueArn]);
const everyone = { kind: "everyone" } as const;
const account = { kind: "named", aws: ["arn:aws:iam::000000000000:root"], services: [] } as const;

test("nothing is allowed that no policy allows", () => {
  expect(decide({ arn: roleArn, statements: [] }, undefined, send)).toEqual({
    kind: "denied",
    why: "no-identity-policy",
  });
});

test.each([
  [["sqs:SendMessage"], [queueArn], "allowed"],
  [["SQS:sendmessage"], [queueArn], "allowed"],
  [["sqs:Send*"], ["arn:aws:sqs:*:*:jobs"], "allowed"],
  [["sqs:*"], ["*"], "allowed"],
  [["sqs:SendMessage"], [`${queueArn}-dlq`], "denied"],
  [["sqs:ReceiveMessage"], [queueArn], "denied"],
])("%j on %j: %s", (actions, resources, expected) => {
  const role = { arn: roleArn, statements: [statement("Allow", actions, resources)] };
  expect(decide(role, undefined, send).kind).toBe(expected);
});

test("NotAction and NotResource take everything else", () => {
  const butDelete = { ...statement("Allow", [], ["*"]), notActions: ["sqs:DeleteQueue"] };
  expect(decide({ arn: roleArn, statements: [butDelete] }, undefined, send).kind).toBe("allowed");
  const elsewhere = { ...statement("Allow", ["sqs:*"], []), notResources: [queueArn] };
  expect(decide({ arn: roleArn, statements: [elsewhere] }, undefined, send).kind).toBe("denied");
});

test("a deny wins over every allow", () => {
  const role = { arn: roleArn, statements: [allowSend, statement("Deny", ["sqs:*"], ["*"])] };
  expect(decide(role, onResource(allowSend, everyone), send)).toEqual({ kind: "denied", why: "explicit-deny" });
});

test("a resource's policy denies and allows too", () => {
  const role = { arn: roleArn, statements: [allowSend] };
  const denying = onResource(statement("Deny", ["sqs:*"], ["*"]), everyone);
  expect(decide(role, denying, send)).toEqual({ kind: "denied", why: "resource-deny" });
  const naming = onResource(allowSend, { kind: "named", aws: [roleArn], services: [] });
  expect(decide({ arn: roleArn, statements: [] }, naming, send).kind).toBe("allowed");
});

test("naming the account leaves the decision to the role's policies", () => {
  const delegating = onResource(allowSend, account);
  expect(decide({ arn: roleArn, statements: [] }, delegating, send).kind).toBe("denied");
});

test("a boundary limits what the role's policies allow", () => {
  const boundary = [statement("Allow", ["s3:*"], ["*"])];
  expect(decide({ arn: roleArn, statements: [allowSend], boundary }, undefined, send)).toEqual({
    kind: "denied",
    why: "no-boundary",
  });
  const wide = [statement("Allow", ["*"], ["*"])];
  expect(decide({ arn: roleArn, statements: [allowSend], boundary: wide }, undefined, send).kind).toBe("allowed");
});

test("role policies count for a key only as far as its own policy lets the account decide", () => {
  const decrypt = { action: "kms:Decrypt", resource: keyArn, context: {} };
  const role = { arn: roleArn, statements: [statement("Allow", ["kms:Decrypt"], [keyArn])] };
  const administrators = { kind: "named", aws: ["arn:aws:iam::000000000000:role/admin"], services: [] } as const;
  const all = statement("Allow", ["kms:*"], ["*"]);
  expect(decide(role, { ...onResource(all, administrators), resourceArn: keyArn }, decrypt).kind).toBe("denied");
  expect(decide(role, { ...onResource(all, account), resourceArn: keyArn }, decrypt).kind).toBe("allowed");
});
