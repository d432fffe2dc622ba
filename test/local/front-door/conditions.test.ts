import { expect, test } from "vitest";
import { conditionsHold, parseOperator } from "../../../lib/local/front-door/policy/conditions.ts";
import { matchesWildcard } from "../../../lib/local/front-door/policy/wildcard.ts";

type Conditions = Parameters<typeof conditionsHold>[0];

/** The request's keys, as services give them: lower case. */
const context = {
  "dynamodb:leadingkeys": ["stripe#1", "stripe#2"],
  "kms:encryptioncontext:partner": ["stripe"],
  "aws:securetransport": ["true"],
  "aws:sourcearn": ["arn:aws:events:us-east-1:000000000000:rule/bus/changed"],
  "s3:max-keys": ["10"],
};

const cases: readonly [string, Conditions, boolean][] = [
  ["equal", { StringEquals: { "kms:EncryptionContext:partner": ["stripe"] } }, true],
  ["one of several", { StringEquals: { "kms:EncryptionContext:partner": ["guesty", "stripe"] } }, true],
  ["not equal", { StringEquals: { "kms:EncryptionContext:partner": ["Stripe"] } }, false],
  ["equal but for case", { StringEqualsIgnoreCase: { "kms:EncryptionContext:partner": ["Stripe"] } }, true],
  ["like", { StringLike: { "kms:EncryptionContext:partner": ["str?p*"] } }, true],
  ["negated, none equal", { StringNotEquals: { "kms:EncryptionContext:partner": ["guesty", "airbnb"] } }, true],
  ["negated, one equal", { StringNotEquals: { "kms:EncryptionContext:partner": ["guesty", "stripe"] } }, false],
  ["missing key", { StringEquals: { "kms:EncryptionContext:tenant": ["x"] } }, false],
  ["missing key, negated", { StringNotEquals: { "kms:EncryptionContext:tenant": ["x"] } }, true],
  ["missing key, if exists", { StringEqualsIfExists: { "kms:EncryptionContext:tenant": ["x"] } }, true],
  ["key there, if exists", { StringEqualsIfExists: { "kms:EncryptionContext:partner": ["x"] } }, false],
  ["all values", { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["stripe#*"] } }, true],
  ["all values, one outside", { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["stripe#1"] } }, false],
  ["all values of none", { "ForAllValues:StringLike": { "dynamodb:Attributes": ["x"] } }, true],
  ["any value", { "ForAnyValue:StringEquals": { "dynamodb:LeadingKeys": ["stripe#2"] } }, true],
  ["any value of none", { "ForAnyValue:StringEquals": { "dynamodb:Attributes": ["x"] } }, false],
  ["absent", { Null: { "kms:EncryptionContext:tenant": ["true"] } }, true],
  ["present", { Null: { "kms:EncryptionContext:partner": ["false"] } }, true],
  ["present though it must be absent", { Null: { "kms:EncryptionContext:partner": ["true"] } }, false],
  ["secure transport", { Bool: { "aws:SecureTransport": ["false"] } }, false],
  ["ARN like", { ArnLike: { "aws:SourceArn": ["arn:aws:events:*:000000000000:rule/*"] } }, true],
  ["a wildcard does not reach over colons", { ArnLike: { "aws:SourceArn": ["arn:*:rule/bus/changed"] } }, false],
  ["number", { NumericLessThanEquals: { "s3:max-keys": ["9"] } }, false],
  [
    "several operators are joined by and",
    { Bool: { "aws:SecureTransport": ["true"] }, StringEquals: { "kms:EncryptionContext:partner": ["guesty"] } },
    false,
  ],
];

test.each(cases)("%s", (_name, conditions, expected) => {
  expect(conditionsHold(conditions, context)).toBe(expected);
});

test.each(["DateGreaterThan", "StringSomething", "ForSomeValues:StringEquals", ""])(
  "the operator %j is not evaluated, and says so",
  (operator) => {
    expect(() => parseOperator(operator)).toThrow(`The condition operator "${operator}" is not evaluated`);
  },
);

test.each([
  ["*", "", true],
  ["*", "anything", true],
  ["a*c", "abbbc", true],
  ["a*c", "abbbd", false],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["*a*b*", "xxaxxbxx", true],
  ["*aab", "aaaab", true],
  ["stripe#*", "stripe#", true],
  ["stripe#*", "stripe", false],
  ["a.c", "abc", false],
])("%j against %j is %j", (pattern, text, expected) => {
  expect(matchesWildcard(pattern, text)).toBe(expected);
});

test("a pattern full of stars is quick to fail", () => {
  const startedMs = performance.now();
  expect(matchesWildcard(`${"*a".repeat(50)}b`, "a".repeat(5_000))).toBe(false);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
