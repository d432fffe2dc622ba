import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { claimKeyOf } from "./claim-key.ts";
import type { ClaimChecks } from "../engine/ports.ts";

/** Larger than anything a gateway lets in or a partner is read for. */
const bytesMax = 32 * 1024 * 1024;

/** Objects under keys of their own making; everything in it is bounded. */
export interface Bucket {
  put(key: string, body: Uint8Array): Promise<void>;
  /** null: there is no such object. */
  get(key: string): Promise<Uint8Array | null>;
  /** Keys that begin so, at most 1,000, in order; those after one when given. */
  list(prefix: string, after?: string | null): Promise<readonly string[]>;
  /** That it is gone already is no error. */
  delete(key: string): Promise<void>;
}

export function createBucket(name: string, client: () => S3Client): Bucket {
  return {
    async put(key, body) {
      if (body.byteLength > bytesMax)
        throw new Error(`${key}: ${body.byteLength} bytes are more than a claim check holds (${bytesMax})`);
      await client().send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }));
    },

    async get(key) {
      try {
        const answer = await client().send(new GetObjectCommand({ Bucket: name, Key: key }));
        if ((answer.ContentLength ?? 0) > bytesMax) throw new Error(`${key}: larger than a claim check can be`);
        return (await answer.Body?.transformToByteArray()) ?? null;
      } catch (error) {
        // Whoever may not list a bucket is told 403 of what is not there. That stays an error: a wrong grant must not read as
        // "its time has passed", for the object may be the only copy. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },

    async list(prefix, after = null) {
      const from = after === null ? {} : { StartAfter: after };
      const answer = await client().send(new ListObjectsV2Command({ Bucket: name, Prefix: prefix, ...from }));
      return (answer.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    },

    async delete(key) {
      await client().send(new DeleteObjectCommand({ Bucket: name, Key: key }));
    },
  };
}

/** Bodies under the hash of their content: the same body twice is one object. */
export function createClaimChecks(bucket: Bucket): ClaimChecks {
  return {
    async put(owner, body) {
      const key = claimKeyOf(owner, body);
      await bucket.put(key, body);
      return key;
    },
    get: (key) => bucket.get(key),
  };
}
