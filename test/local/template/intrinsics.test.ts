import { expect, test } from "vitest";
import { loadStackModel } from "../../../lib/local/template/index.ts";
import { writeAssembly } from "../services/support/synthesise.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What a value of a template comes to, read off an output. */
function resolved(value: unknown, more: Readonly<Record<string, unknown>> = {}): string | undefined {
  const template = {
    Resources: { Jobs: { Type: "AWS::SQS::Queue", Properties: { QueueName: "jobs" } } },
    Outputs: { Value: { Value: value } },
    ...more,
  };
  return loadStackModel(writeAssembly(temporaryFolder(), { Test: template })).outputs["Test.Value"];
}

const queueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs";
const queueArn = "arn:aws:sqs:us-east-1:000000000000:jobs";

test.each<[string, unknown, string]>([
  ["Ref of a resource", { Ref: "Jobs" }, queueUrl],
  ["GetAtt", { "Fn::GetAtt": ["Jobs", "Arn"] }, queueArn],
  ["GetAtt in one text", { "Fn::GetAtt": "Jobs.QueueName" }, "jobs"],
  ["account", { Ref: "AWS::AccountId" }, "000000000000"],
  ["region", { Ref: "AWS::Region" }, "us-east-1"],
  ["partition", { Ref: "AWS::Partition" }, "aws"],
  ["suffix", { Ref: "AWS::URLSuffix" }, "amazonaws.com"],
  ["stack", { Ref: "AWS::StackName" }, "Test"],
  ["Join", { "Fn::Join": ["-", ["a", { Ref: "AWS::Region" }, "b"]] }, "a-us-east-1-b"],
  ["Join of a Split", { "Fn::Join": ["/", { "Fn::Split": [":", "a:b:c"] }] }, "a/b/c"],
  ["Select", { "Fn::Select": ["1", { "Fn::Split": [",", "a,b,c"] }] }, "b"],
  ["Select of a Split ARN", { "Fn::Select": [5, { "Fn::Split": [":", { "Fn::GetAtt": ["Jobs", "Arn"] }] }] }, "jobs"],
  ["Sub", { "Fn::Sub": "arn:${AWS::Partition}:x:${Jobs.QueueName}" }, "arn:aws:x:jobs"],
  [
    "Sub with variables",
    { "Fn::Sub": ["${who} in ${AWS::Region}", { who: { Ref: "AWS::StackName" } }] },
    "Test in us-east-1",
  ],
  ["Sub leaves what is escaped", { "Fn::Sub": "${!Literal} ${AWS::Region}" }, "${Literal} us-east-1"],
  ["Base64", { "Fn::Base64": "hello" }, "aGVsbG8="],
])("%s", (_name, value, expected) => {
  expect(resolved(value)).toBe(expected);
});

test("conditions choose values, outputs and resources", () => {
  const more = {
    Parameters: { Kind: { Type: "String", Default: "dev" } },
    Mappings: { Sizes: { dev: { timeout: "30" }, prod: { timeout: "60" } } },
    Conditions: {
      IsProd: { "Fn::Equals": [{ Ref: "Kind" }, "prod"] },
      IsDev: { "Fn::Not": [{ Condition: "IsProd" }] },
      IsDevHere: {
        "Fn::And": [{ Condition: "IsDev" }, { "Fn::Or": [{ Condition: "IsProd" }, { "Fn::Equals": ["1", "1"] }] }],
      },
    },
  };
  expect(resolved({ "Fn::If": ["IsProd", "p", { "Fn::If": ["IsDevHere", "d", "n"] }] }, more)).toBe("d");
  expect(resolved({ "Fn::FindInMap": ["Sizes", { Ref: "Kind" }, "timeout"] }, more)).toBe("30");

  const template = {
    ...more,
    Resources: {
      Yes: { Type: "AWS::SQS::Queue", Condition: "IsDev", Properties: { QueueName: "yes" } },
      No: { Type: "AWS::SQS::Queue", Condition: "IsProd", Properties: { QueueName: "no" } },
      Maybe: {
        Type: "AWS::SQS::Queue",
        Properties: { QueueName: "maybe", DelaySeconds: { "Fn::If": ["IsProd", 5, { Ref: "AWS::NoValue" }] } },
      },
    },
  };
  const { queues } = loadStackModel(writeAssembly(temporaryFolder(), { Test: template }));
  expect(queues.map(({ name, attributes }) => [name, attributes])).toEqual([
    ["yes", {}],
    ["maybe", {}],
  ]);
});

test("stacks refer to each other by exports and outputs, whatever their order", () => {
  const user = {
    Outputs: {
      Imported: { Value: { "Fn::ImportValue": { "Fn::Sub": "${AWS::Region}-jobs" } } },
      Weak: { Value: { "Fn::GetStackOutput": { StackName: "Owner", OutputName: "Arn" } } },
    },
  };
  const owner = {
    Resources: { Jobs: { Type: "AWS::SQS::Queue", Properties: { QueueName: "jobs" } } },
    Outputs: {
      Arn: { Value: { "Fn::GetAtt": ["Jobs", "Arn"] }, Export: { Name: { "Fn::Sub": "${AWS::Region}-jobs" } } },
    },
  };
  const { outputs } = loadStackModel(writeAssembly(temporaryFolder(), { User: user, Owner: owner }));
  expect(outputs).toEqual({ "User.Imported": queueArn, "User.Weak": queueArn, "Owner.Arn": queueArn });
});

test("what is not named is named the same each time, within the service's length", () => {
  const longId = "L".repeat(100);
  const template = { Resources: { Short: { Type: "AWS::SQS::Queue" }, [longId]: { Type: "AWS::SQS::Queue" } } };
  const load = () =>
    loadStackModel(writeAssembly(temporaryFolder(), { Test: template })).queues.map(({ name }) => name);
  const [short = "", long = ""] = load();
  expect(short).toBe("Test-Short");
  expect(long).toHaveLength(80);
  expect(load()).toEqual([short, long]);
});

test.each<[string, unknown, string]>([
  ["an unknown function", { "Fn::Transform": { Name: "x" } }, "the intrinsic function Fn::Transform is not evaluated"],
  ["an unknown resource", { Ref: "Nothing" }, "the stack has no resource Nothing"],
  ["an unknown attribute", { "Fn::GetAtt": ["Jobs", "Color"] }, "the attribute Color of Jobs is not known"],
  ["an unknown export", { "Fn::ImportValue": "nothing" }, "no stack exports nothing"],
  ["a dynamic reference", "{{resolve:ssm:/x}}", "the dynamic reference {{resolve:ssm:/x}} is not evaluated"],
  ["an item beyond the list", { "Fn::Select": [3, ["a"]] }, "Fn::Select wants item 3 of 1"],
  ["an unknown condition", { "Fn::If": ["Never", 1, 2] }, "there is no condition Never"],
])("%s is an error that says where", (_name, value, problem) => {
  expect(() => resolved(value)).toThrow(`Stack Test, resource Value (output): ${problem}`);
});

test("a parameter without a value is an error", () => {
  const more = { Parameters: { Version: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/path" } } };
  expect(() => resolved({ Ref: "Version" }, more)).toThrow("the parameter Version");
});

test("names that depend on each other are an error, not an endless loop", () => {
  const template = {
    Resources: {
      A: { Type: "AWS::SQS::Queue", Properties: { QueueName: { "Fn::GetAtt": ["B", "QueueName"] } } },
      B: { Type: "AWS::SQS::Queue", Properties: { QueueName: { "Fn::GetAtt": ["A", "QueueName"] } } },
    },
  };
  expect(() => loadStackModel(writeAssembly(temporaryFolder(), { Test: template }))).toThrow("depends on itself");
});
