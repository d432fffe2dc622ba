import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  UpdateSecretCommand,
} from "@aws-sdk/client-secrets-manager";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFor, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let cdkOutDir: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-secrets-"));
  cdkOutDir = synthesiseStack(folder, (stack) => {
    const generateSecretString = {
      secretStringTemplate: JSON.stringify({ app: {} }),
      generateStringKey: "connectionKey",
      passwordLength: 48,
      excludePunctuation: true,
    };
    new Secret(stack, "App", { secretName: "local/app", generateSecretString });
    new Secret(stack, "Bare", { secretName: "bare" });
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

const get = (SecretId: string, more: { VersionStage?: string; VersionId?: string } = {}) =>
  started.operator.secrets.send(new GetSecretValueCommand({ SecretId, ...more }));

test("a secret is made as its template says, and found by name and ARN", async () => {
  const { SecretString: text, ARN: arn } = await get("local/app");
  expect(text).toMatch(/^\{"app":\{\},"connectionKey":"[A-Za-z0-9]{48}"\}$/);
  expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:local\/app-[A-Za-z0-9]{6}$/);
  expect((await get(arn ?? "")).SecretString).toBe(text);
  expect((await get("bare")).SecretString).toMatch(/^[A-Za-z0-9]{32}$/);
});

test("what a person set stays when the stack starts again", async () => {
  const other = join(folder, "again");
  const first = await startFor(cdkOutDir, other);
  await first.operator.secrets.send(new PutSecretValueCommand({ SecretId: "local/app", SecretString: "mine" }));
  await first.stop();
  const second = await startFor(cdkOutDir, other);
  const kept = await second.operator.secrets.send(new GetSecretValueCommand({ SecretId: "local/app" }));
  expect(kept.SecretString).toBe("mine");
  await second.stop();
});

test("a new value becomes current, the one before previous; both can be read", async () => {
  const { secrets } = started.operator;
  const created = await secrets.send(new CreateSecretCommand({ Name: "rotated", SecretString: "1" }));
  await secrets.send(new PutSecretValueCommand({ SecretId: "rotated", SecretString: "2" }));
  await secrets.send(new UpdateSecretCommand({ SecretId: "rotated", SecretString: "3" }));

  expect((await get("rotated")).SecretString).toBe("3");
  expect((await get("rotated", { VersionStage: "AWSPREVIOUS" })).SecretString).toBe("2");
  await expect(get("rotated", { VersionId: created.VersionId ?? "" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  const described = await secrets.send(new DescribeSecretCommand({ SecretId: "rotated" }));
  expect(
    Object.values(described.VersionIdsToStages ?? {})
      .flat()
      .toSorted(),
  ).toEqual(["AWSCURRENT", "AWSPREVIOUS"]);
});

test("the same token with the same value is one version, with another an error", async () => {
  const { secrets } = started.operator;
  await secrets.send(new CreateSecretCommand({ Name: "once", SecretString: "0" }));
  const ClientRequestToken = "0123456789abcdef0123456789abcdef";
  const put = (SecretString: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId: "once", SecretString, ClientRequestToken }));
  expect((await put("1")).VersionId).toBe((await put("1")).VersionId);
  await expect(put("2")).rejects.toMatchObject({ name: "ResourceExistsException" });
});

test("binary values are kept as they are", async () => {
  const SecretBinary = Uint8Array.from([0, 255, 128]);
  await started.operator.secrets.send(new CreateSecretCommand({ Name: "binary", SecretBinary }));
  expect(Array.from((await get("binary")).SecretBinary ?? [])).toEqual([0, 255, 128]);
});

test("secrets are listed in pages", async () => {
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await started.operator.secrets.send(
      new ListSecretsCommand({ MaxResults: 1, ...(NextToken === undefined ? {} : { NextToken }) }),
    );
    names.push(...(page.SecretList ?? []).map(({ Name: name }) => name ?? ""));
    NextToken = page.NextToken;
  } while (NextToken !== undefined && names.length < 50);
  expect(names).toContain("bare");
  expect(names).toEqual([...new Set(names)].toSorted());
});

test.each([
  ["a name that is taken", new CreateSecretCommand({ Name: "bare", SecretString: "x" }), "ResourceExistsException"],
  [
    "a secret that is not there",
    new PutSecretValueCommand({ SecretId: "nowhere", SecretString: "x" }),
    "ResourceNotFoundException",
  ],
  ["no value", new PutSecretValueCommand({ SecretId: "bare" }), "InvalidParameterException"],
  [
    "a value over 64 KiB",
    new PutSecretValueCommand({ SecretId: "bare", SecretString: "x".repeat(65_537) }),
    "ValidationException",
  ],
])("%s is refused", async (_name, command, code) => {
  // The client's overloads take one command at a time; either is as good.
  await expect(started.operator.secrets.send(command as PutSecretValueCommand)).rejects.toMatchObject({ name: code });
});
