import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFor, type StartedServices } from "./support/start.ts";
import { synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let started: StartedServices;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-buckets-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => void new Bucket(stack, "Claims", { bucketName }));
  started = await startFor(cdkOutDir, join(folder, "data"));
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

const bucketName = "claims";

async function textOf(Key: string): Promise<string | undefined> {
  const { Body: body } = await started.operator.s3.send(new GetObjectCommand({ Bucket: bucketName, Key }));
  return body?.transformToString();
}

test.each(["plain", "with space", "ünï/cödé", "a+b&c=d", "per%cent", "deep/er/path.json"])(
  "an object named %j is put, read, listed and removed",
  async (name) => {
    const { s3 } = started.operator;
    await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: name, Body: `of ${name}` }));
    expect(await textOf(name)).toBe(`of ${name}`);
    const { Contents: contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: name }));
    expect(contents.map(({ Key: key }) => key)).toEqual([name]);
    await s3.send(new DeleteObjectCommand({ Bucket: bucketName, Key: name }));
    await expect(textOf(name)).rejects.toMatchObject({ name: "NoSuchKey" });
  },
);

test("a large body comes back as it went in", async () => {
  const { s3 } = started.operator;
  const Body = Buffer.alloc(32 * 1024 * 1024, "0123456789abcdef");
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: "large", Body }));
  const { Body: read } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: "large" }));
  expect(Buffer.from((await read?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
});

test("an object is not written over when it must be new", async () => {
  const { s3 } = started.operator;
  const put = (Body: string) =>
    s3.send(new PutObjectCommand({ Bucket: bucketName, Key: "once", Body, IfNoneMatch: "*" }));
  await put("first");
  await expect(put("second")).rejects.toMatchObject({ name: "PreconditionFailed" });
  expect(await textOf("once")).toBe("first");
  const matching = new PutObjectCommand({ Bucket: bucketName, Key: "once", Body: "x", IfMatch: '"etag"' });
  await expect(s3.send(matching)).rejects.toMatchObject({ name: "NotImplemented" });
});

test("objects are copied, described and removed together", async () => {
  const { s3 } = started.operator;
  await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: "a", Body: "12345", ContentType: "text/plain" }));
  await s3.send(new CopyObjectCommand({ Bucket: bucketName, Key: "b", CopySource: "claims/a" }));
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucketName, Key: "b" }));
  expect(head).toMatchObject({ ContentLength: 5, ContentType: "text/plain" });
  await s3.send(new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects: [{ Key: "a" }, { Key: "b" }] } }));
  for (const name of ["a", "b"]) await expect(textOf(name)).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("what is not offered is refused by name", async () => {
  const command = new GetBucketPolicyCommand({ Bucket: bucketName });
  await expect(started.operator.s3.send(command)).rejects.toMatchObject({
    name: "UnknownOperationException",
    message: 'The local stack does not offer the operation S3 GET with "policy".',
  });
});
