import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  ReEncryptCommand,
} from "@aws-sdk/client-kms";
import { Key } from "aws-cdk-lib/aws-kms";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFor, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-keys-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    new Key(stack, "First", { alias: "first" });
    new Key(stack, "Second", { alias: "second" });
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

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
