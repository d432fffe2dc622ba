import { expect, test } from "vitest";
import { listIgnoredProperties, loadStackModel } from "../../../lib/local/template/index.ts";
import { writeAssembly } from "../services/support/synthesise.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Resources = Readonly<Record<string, { Type: string; Properties?: unknown; DependsOn?: string }>>;

function load(resources: Resources): () => unknown {
  return () => loadStackModel(writeAssembly(temporaryFolder(), { Test: { Resources: resources } }));
}

const trust = (service: string) => ({
  Statement: { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } },
});
const role = {
  Type: "AWS::IAM::Role",
  Properties: { RoleName: "r", AssumeRolePolicyDocument: trust("lambda.amazonaws.com") },
};

test.each<[string, Resources, string]>([
  [
    "an unknown type",
    { Db: { Type: "AWS::RDS::DBInstance" } },
    "Stack Test, resource Db (AWS::RDS::DBInstance): the local stack does not know the type AWS::RDS::DBInstance",
  ],
  [
    "an unknown property",
    { Jobs: { Type: "AWS::SQS::Queue", Properties: { Colour: "red" } } },
    "Stack Test, resource Jobs (AWS::SQS::Queue): property Colour: the local stack neither honours it nor ignores it",
  ],
  [
    "an unknown property within another",
    {
      T: {
        Type: "AWS::DynamoDB::Table",
        Properties: {
          AttributeDefinitions: [],
          KeySchema: [],
          GlobalSecondaryIndexes: [{ IndexName: "i", KeySchema: [], Projection: { ProjectionType: "ALL", Depth: 1 } }],
        },
      },
    },
    "property GlobalSecondaryIndexes.0.Projection.Depth: the local stack neither honours it",
  ],
  [
    "a value that is not understood",
    { Jobs: { Type: "AWS::SQS::Queue", Properties: { VisibilityTimeout: "soon" } } },
    "resource Jobs (AWS::SQS::Queue): property VisibilityTimeout: ",
  ],
  [
    "a stream with half its images",
    {
      T: {
        Type: "AWS::DynamoDB::Table",
        Properties: { AttributeDefinitions: [], KeySchema: [], StreamSpecification: { StreamViewType: "KEYS_ONLY" } },
      },
    },
    "property StreamSpecification.StreamViewType",
  ],
  [
    "a missing dependency",
    { A: { Type: "AWS::SQS::Queue", DependsOn: "B" } },
    "it depends on B, which the stack does not have",
  ],
  [
    "a managed policy that is not in the templates",
    {
      R: {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: trust("lambda.amazonaws.com"),
          ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"],
        },
      },
    },
    "the managed policy arn:aws:iam::aws:policy/AdministratorAccess is not in the templates",
  ],
  [
    "a condition that is no condition",
    {
      R: role,
      P: {
        Type: "AWS::IAM::Policy",
        Properties: {
          PolicyName: "p",
          Roles: ["r"],
          PolicyDocument: { Statement: { Effect: "Allow", Action: "*", Resource: "*", When: "always" } },
        },
      },
    },
    "resource P (AWS::IAM::Policy): property PolicyDocument",
  ],
  [
    "a schedule whose role Scheduler cannot take",
    {
      R: role,
      Jobs: { Type: "AWS::SQS::Queue", Properties: { QueueName: "jobs" } },
      S: {
        Type: "AWS::Scheduler::Schedule",
        Properties: {
          Name: "tick",
          ScheduleExpression: "rate(1 minute)",
          FlexibleTimeWindow: { Mode: "OFF" },
          Target: { Arn: { "Fn::GetAtt": ["Jobs", "Arn"] }, RoleArn: { "Fn::GetAtt": ["R", "Arn"] } },
        },
      },
    },
    "Schedule tick: its role r cannot be assumed by scheduler.amazonaws.com",
  ],
  [
    "code that is no asset",
    {
      R: role,
      F: {
        Type: "AWS::Lambda::Function",
        Properties: {
          Code: { S3Bucket: "b", S3Key: "k.zip" },
          Handler: "index.handler",
          Role: { "Fn::GetAtt": ["R", "Arn"] },
          Runtime: "nodejs24.x",
        },
      },
    },
    "resource F (AWS::Lambda::Function): property Code: the code is no asset of this cdk.out",
  ],
  [
    "another runtime",
    {
      R: role,
      F: {
        Type: "AWS::Lambda::Function",
        Properties: { Code: { S3Key: "k" }, Handler: "h", Role: { "Fn::GetAtt": ["R", "Arn"] }, Runtime: "python3.13" },
      },
    },
    "property Runtime: must be a Node.js runtime",
  ],
])("%s is an error that says where", (_name, resources, problem) => {
  expect(load(resources)).toThrow(problem);
});

test("an API whose function does not let the gateway call it is an error that names the permission", () => {
  const Properties = { Name: "api", ProtocolType: "HTTP" };
  const resources = {
    R: role,
    Api: { Type: "AWS::ApiGatewayV2::Api", Properties },
    Stage: { Type: "AWS::ApiGatewayV2::Stage", Properties: { ApiId: { Ref: "Api" }, StageName: "$default" } },
    I: {
      Type: "AWS::ApiGatewayV2::Integration",
      Properties: {
        ApiId: { Ref: "Api" },
        IntegrationType: "AWS_PROXY",
        IntegrationUri: "arn:aws:lambda:us-east-1:000000000000:function:f",
        PayloadFormatVersion: "2.0",
      },
    },
    Route: {
      Type: "AWS::ApiGatewayV2::Route",
      Properties: { ApiId: { Ref: "Api" }, RouteKey: "GET /x", Target: { "Fn::Sub": "integrations/${I}" } },
    },
  };
  expect(load(resources)).toThrow("Route GET /x of HTTP API api: no template defines the function");
});

test("stacks of a real account are refused before they could be mistaken for it", () => {
  const folder = writeAssembly(temporaryFolder(), { Test: {} });
  expect(() => loadStackModel(folder)).not.toThrow();
  expect(() => loadStackModel(temporaryFolder())).toThrow("synthesise the stacks first");
});

test("what is ignored is on a list, each with its reason", () => {
  const list = listIgnoredProperties();
  expect(list).toContainEqual({
    type: "AWS::CloudWatch::Alarm",
    property: "*",
    reason: "alarms watch a deployed stage",
  });
  expect(list).toContainEqual({
    type: "AWS::DynamoDB::Table",
    property: "PointInTimeRecoverySpecification",
    reason: "there are no backups of a data folder",
  });
  const nested = list.find(({ property }) => property === "GlobalSecondaryIndexes[].ContributorInsightsSpecification");
  expect(nested?.reason).toBe("there are no contributor insights here");
  for (const { type, property, reason } of list) expect(reason.length, `${type} ${property}`).toBeGreaterThan(10);
  const keys = list.map(({ type, property }) => `${type} ${property}`);
  expect(new Set(keys).size).toBe(keys.length);
});
