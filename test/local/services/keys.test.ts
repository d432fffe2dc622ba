import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { AttributeType, Table as DynamoTable } from "aws-cdk-lib/aws-dynamodb";
import { Policy, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Stack } from "aws-cdk-lib";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCredentialSeals } from "../../../lib/aws/credential-seals.ts";
import { createCredentials } from "../../../lib/aws/credentials.ts";
import { Table } from "../../../lib/aws/table.ts";
import { consoleGrants } from "../../../lib/constructs/console-grants.ts";
import { statementOf } from "../../../lib/constructs/grants.ts";
import type { Stage } from "../../../lib/constructs/stage.ts";
import { tableNameFor } from "../../../lib/engine/names.ts";
import { acme } from "../../flows/support/acme.ts";
import { SeededRandom, VirtualClock } from "../../support/memory/clock.ts";
import { startFor, type Clients, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-keys-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const first = new Key(stack, "First", { alias: "first" });
    const second = new Key(stack, "Second", { alias: "second" });
    addApi(stack, { kmsKeyArn: second.keyArn, formerKmsKeyArns: [first.keyArn] });
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The API's role of a stage that was given the second key, and the table that credentials are in. */
function addApi(
  stack: Stack,
  keys: { readonly kmsKeyArn: string; readonly formerKmsKeyArns: readonly string[] },
): void {
  const bundles: Stage["bundles"] = { folderOf: () => folder };
  const stage: Stage = { name: "test", settings: { kind: "dev", ...keys }, partners: [acme], bundles };
  const [pk, sk] = ["pk", "sk"].map((name) => ({ name, type: AttributeType.STRING }) as const);
  if (pk !== undefined && sk !== undefined)
    new DynamoTable(stack, "Table", { tableName: tableNameFor("test", "connections"), partitionKey: pk, sortKey: sk });
  const role = new Role(stack, "Api", { roleName: "api", assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  new Policy(stack, "ApiPolicy", { roles: [role], statements: consoleGrants(stack, stage).map(statementOf) });
}

const Plaintext = Buffer.from("a token");
const context = { EncryptionContext: { partner: "stripe", connection: "1" } };

test("what was encrypted is decrypted, by whatever name the key goes", async () => {
  const { kms } = started.operator;
  const { KeyMetadata: metadata } = await kms.send(new DescribeKeyCommand({ KeyId: "alias/first" }));
  for (const KeyId of ["alias/first", metadata?.KeyId, metadata?.Arn]) {
    const { CiphertextBlob, KeyId: usedKey } = await kms.send(new EncryptCommand({ KeyId, Plaintext, ...context }));
    expect(usedKey).toBe(metadata?.Arn);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob, ...context }));
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
    expect(Buffer.from(CiphertextBlob ?? []).includes(Plaintext)).toBe(false);
  }
});

test("a data key comes sealed and open, and never twice the same", async () => {
  const { kms } = started.operator;
  const command = new GenerateDataKeyCommand({ KeyId: "alias/first", KeySpec: "AES_256", ...context });
  const [one, two] = [await kms.send(command), await kms.send(command)];
  expect(one.Plaintext).toHaveLength(32);
  expect(one.Plaintext).not.toEqual(two.Plaintext);
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob: one.CiphertextBlob, ...context }));
  expect(opened.Plaintext).toEqual(one.Plaintext);
});

test("another context, another key or a changed byte does not open it", async () => {
  const { kms } = started.operator;
  const { CiphertextBlob = new Uint8Array() } = await kms.send(
    new EncryptCommand({ KeyId: "alias/first", Plaintext, ...context }),
  );
  const invalid = { name: "InvalidCiphertextException" };
  for (const EncryptionContext of [{}, { partner: "stripe" }, { partner: "stripe", connection: "2" }]) {
    await expect(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).rejects.toMatchObject(invalid);
  }
  for (const at of [0, 10, 45, CiphertextBlob.length - 1]) {
    const changed = Uint8Array.from(CiphertextBlob);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const failed = await kms.send(new DecryptCommand({ CiphertextBlob: changed, ...context })).catch(String);
    // A change within the key's id names a key that is not there.
    expect(failed).toMatch(/InvalidCiphertext|NotFound/);
  }
  const wrongKey = new DecryptCommand({ CiphertextBlob, KeyId: "alias/second", ...context });
  await expect(kms.send(wrongKey)).rejects.toMatchObject({ name: "IncorrectKeyException" });
  // The order of the pairs is no part of a context.
  const turned = { connection: "1", partner: "stripe" };
  await expect(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: turned }))).resolves.toBeDefined();
});

test("a ciphertext moves to another key and context without being shown", async () => {
  const { kms } = started.operator;
  const first = await kms.send(new EncryptCommand({ KeyId: "alias/first", Plaintext, ...context }));
  const moved = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob: first.CiphertextBlob,
      SourceEncryptionContext: context.EncryptionContext,
      DestinationKeyId: "alias/second",
      DestinationEncryptionContext: { partner: "guesty" },
    }),
  );
  const EncryptionContext = { partner: "guesty" };
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, KeyId: "alias/second", EncryptionContext }),
  );
  expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
});

test("the API moves a stored credential from the stage's former key to its new one, and can open neither", async () => {
  const world = { clock: new VirtualClock(), random: new SeededRandom(1) };
  const owner = { partner: "acme", connectionId: "acme_1" };
  const partsOf = ({ dynamodb, kms }: Clients, keyId: string) => {
    const table = new Table(tableNameFor("test", "connections"), () => dynamodb, world);
    return { table, kms: () => kms, keyId, clock: world.clock };
  };
  await createCredentials(partsOf(started.operator, "alias/first")).replace(owner, null, { token: "the token" });
  const api = partsOf(started.as("api"), "alias/second");
  await expect(createCredentials(api).read(owner)).rejects.toMatchObject({ name: "AccessDeniedException" });
  const seals = createCredentialSeals(api);
  expect(await seals.renew(owner)).toEqual({ kind: "renewed" });
  expect(await seals.renew(owner)).toEqual({ kind: "current" });
  await expect(createCredentials(api).read(owner)).rejects.toMatchObject({ name: "AccessDeniedException" });
  const opened = await createCredentials(partsOf(started.operator, "alias/second")).read(owner);
  expect(opened).toMatchObject({ fields: { token: "the token" }, revision: 1 });
  // Back to the former key it cannot move it.
  expect(await createCredentialSeals({ ...api, keyId: "alias/first" }).renew(owner)).toEqual({
    kind: "refused",
    reason: "AccessDeniedException",
  });
});

test.each([
  ["a key that is not there", new EncryptCommand({ KeyId: "alias/third", Plaintext }), "NotFoundException"],
  [
    "a plaintext over 4 KiB",
    new EncryptCommand({ KeyId: "alias/first", Plaintext: Buffer.alloc(4097) }),
    "ValidationException",
  ],
  ["neither size nor kind", new GenerateDataKeyCommand({ KeyId: "alias/first" }), "ValidationException"],
])("%s is refused", async (_name, command, code) => {
  // The client's overloads take one command at a time; either is as good.
  await expect(started.operator.kms.send(command as EncryptCommand)).rejects.toMatchObject({ name: code });
});

test("the keys are in files that only their owner can read", () => {
  const files = readdirSync(join(folder, "data")).filter((name) => name.startsWith("documents.db"));
  expect(files).toContain("documents.db-wal");
  const open = files.filter((name) => (statSync(join(folder, "data", name)).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});
