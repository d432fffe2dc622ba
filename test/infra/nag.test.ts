import { Stack, type App } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { expect, test, vi } from "vitest";
import { addNag } from "../../lib/stacks/nag.ts";
import { synth } from "./support/synth.ts";

const permissionsBoundaryArn = "arn:aws:iam::111122223333:policy/bounds";
const kmsKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/mine";
const customDomain = {
  domainName: "hooks.example.com",
  certificateArn: "arn:aws:acm:eu-west-1:111122223333:certificate/1",
};

/** What the rules' report says, for a failing test to show. */
function findingsOf(build: () => void): string {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0),
  );
  try {
    build();
    return "";
  } catch (error) {
    return `${String(error)}\n${written.join("")}`;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test.each([
  ["dev", { dev: { kind: "dev" } }],
  [
    "prod with everything given",
    {
      prod: {
        kind: "prod",
        account: "111122223333",
        region: "eu-west-1",
        permissionsBoundaryArn,
        kmsKeyArn,
        customDomain,
        alarmEmail: "ops@example.com",
      },
    },
  ],
] as const)("AWS Solutions' rules find nothing in %s", (_, stages) => {
  expect(findingsOf(() => synth({ stages, stage: Object.keys(stages)[0] ?? null, prepare: addNag }))).toBe("");
});

test("and would find something, were there something", () => {
  const prepare = (app: App): void => {
    new Queue(new Stack(app, "Open"), "Queue");
    addNag(app);
  };
  expect(findingsOf(() => synth({ prepare }))).toContain("AwsSolutions-SQS4");
});
