import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { claimCheckBucketNameFor } from "../engine/names.ts";
import { acknowledge } from "./acknowledge.ts";
import type { Stage } from "./stage.ts";

// A lane keeps a message 7 days, the dead-letter queue 14, a closed failure 90: a body outlives them all.
const bodyKeptDays = 180;

/**
 * What is too large for a queue or an item, under the hash of its content: never overwritten, so versions would be copies.
 * Bodies expire; records' data stays as long as the records.
 */
export function makeClaimCheckBucket(scope: Construct, id: string, stage: Stage): s3.Bucket {
  const stack = Stack.of(scope);
  const bucket = new s3.Bucket(scope, id, {
    bucketName: claimCheckBucketNameFor(stage.name, stack.account, stack.region),
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    lifecycleRules: [
      {
        id: "expire-bodies",
        prefix: "bodies/",
        expiration: Duration.days(bodyKeptDays),
      },
      { id: "drop-unfinished-uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    removalPolicy: stage.settings.kind === "prod" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  acknowledge(bucket, {
    "AwsSolutions-S1": "Only functions read it, by roles of their own; an access log would be a second bucket to keep.",
  });
  return bucket;
}
