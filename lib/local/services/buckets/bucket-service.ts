import { AwsError } from "../../front-door/aws-error.ts";
import type {
  DoorRequest,
  DoorResponse,
  Requirement,
  ServiceCall,
  ServiceHandler,
} from "../../front-door/door-request.ts";
import { unknownOperation } from "../../front-door/json-target.ts";
import { keyArnOf } from "../key-arn.ts";
import { type FauxqsApp, objectBytesMax } from "../queues/fauxqs.ts";

export interface BucketPlace {
  readonly account: string;
  readonly region: string;
  /** The key of a bucket that has its own. */
  readonly kmsKeyIds: ReadonlyMap<string, string>;
}

/** S3 on fauxqs, addressed by path. */
export function createBucketService(app: FauxqsApp, place: BucketPlace): ServiceHandler {
  return {
    bodyBytesMax: objectBytesMax,
    understand: (request) => ({ operation: operationOf(request), input: {} }),
    requirements: (call) => requirements(call, place),
    async answer(call) {
      if (call.operation === "PutObject") await checkConditions(app, call.request);
      return { kind: "raw", response: await forward(app, call.request) };
    },
  };
}

/** Hands a request to fauxqs as it came. */
export async function forward(app: FauxqsApp, request: DoorRequest): Promise<DoorResponse> {
  const answer = await app.inject({
    method: request.method,
    url: request.query === "" ? request.path : `${request.path}?${request.query}`,
    headers: request.headers,
    payload: request.body,
  });
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !hopHeaders.has(name)) headers[name] = typeof value === "number" ? String(value) : value;
  }
  return { status: answer.statusCode, headers, body: answer.rawPayload };
}

/** fauxqs writes whatever the condition says. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
async function checkConditions(app: FauxqsApp, request: DoorRequest): Promise<void> {
  if (request.headers["if-match"] !== undefined) {
    throw new AwsError("NotImplemented", "The local stack writes objects on If-None-Match only.", 501);
  }
  if (request.headers["if-none-match"] !== "*") return;
  const present = await forward(app, { ...request, method: "HEAD", headers: {}, body: Buffer.alloc(0) });
  if (present.status !== 200) return;
  throw new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412);
}

/** Headers that belong to a connection rather than an answer. */
const hopHeaders = new Set(["connection", "keep-alive", "transfer-encoding"]);

/** S3 says its operation with method, path and query: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
function operationOf(request: DoorRequest): string {
  const { method, query, headers } = request;
  const parameters = new URLSearchParams(query);
  const { bucket, key } = placeOf(request);
  if (bucket === "") return method === "GET" ? "ListBuckets" : refuse(request);
  if (key === "") return bucketOperation(request, parameters);
  if (parameters.has("tagging") || parameters.has("acl") || parameters.has("retention")) return refuse(request);
  if (parameters.has("uploads") && method === "POST") return "CreateMultipartUpload";
  if (parameters.has("uploadId")) return partOperation(request);
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  const plain: Readonly<Record<string, string>> = {
    GET: "GetObject",
    HEAD: "HeadObject",
    PUT: isCopy ? "CopyObject" : "PutObject",
    DELETE: "DeleteObject",
  };
  return plain[method] ?? refuse(request);
}

function bucketOperation(request: DoorRequest, parameters: URLSearchParams): string {
  const { method } = request;
  if (method === "POST" && parameters.has("delete")) return "DeleteObjects";
  if (method === "PUT" && request.query === "") return "CreateBucket";
  if (method === "DELETE" && request.query === "") return "DeleteBucket";
  if (method === "HEAD") return "HeadBucket";
  const asksForSettings = ["policy", "acl", "versioning", "lifecycle", "location", "encryption", "tagging", "uploads"];
  if (method === "GET" && !asksForSettings.some((name) => parameters.has(name))) return "ListObjects";
  return refuse(request);
}

function partOperation(request: DoorRequest): string {
  const parts: Readonly<Record<string, string>> = {
    PUT: "UploadPart",
    POST: "CompleteMultipartUpload",
    DELETE: "AbortMultipartUpload",
  };
  return parts[request.method] ?? refuse(request);
}

function refuse(request: DoorRequest): never {
  throw unknownOperation(`S3 ${request.method} with "${request.query.split("=")[0] ?? ""}"`);
}

function placeOf(request: DoorRequest): { bucket: string; key: string } {
  const [, bucket = "", ...rest] = request.path.split("/");
  return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(rest.join("/")) };
}

const onObjects: Readonly<Record<string, string>> = {
  GetObject: "s3:GetObject",
  HeadObject: "s3:GetObject",
  PutObject: "s3:PutObject",
  CopyObject: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  DeleteObject: "s3:DeleteObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
};
const onBuckets: Readonly<Record<string, string>> = {
  ListObjects: "s3:ListBucket",
  HeadBucket: "s3:ListBucket",
  CreateBucket: "s3:CreateBucket",
  DeleteBucket: "s3:DeleteBucket",
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
function requirements(call: ServiceCall, place: BucketPlace): Requirement[] {
  const { operation, request } = call;
  const { bucket, key } = placeOf(request);
  if (operation === "ListBuckets") return [{ action: "s3:ListAllMyBuckets", resource: "*", context: {} }];
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const onBucket = onBuckets[operation];
  if (onBucket !== undefined) {
    const prefix = new URLSearchParams(request.query).get("prefix");
    const context: Requirement["context"] = prefix === null ? {} : { "s3:prefix": [prefix] };
    return [{ action: onBucket, resource: bucketArn, context }];
  }
  if (operation === "DeleteObjects") {
    return keysToDelete(request).map((name) => ({
      action: "s3:DeleteObject",
      resource: `${bucketArn}/${name}`,
      context: {},
    }));
  }
  const action = onObjects[operation];
  if (action === undefined) throw unknownOperation(`S3 ${operation}`);
  const needs: Requirement[] = [{ action, resource: `${bucketArn}/${key}`, context: {} }];
  if (operation === "CopyObject") needs.push(copySource(request));
  return [...needs, ...keyRequirements(action, bucket, place)];
}

function copySource(request: DoorRequest): Requirement {
  const source = decodeURIComponent(request.headers["x-amz-copy-source"] ?? "").replace(/^\//, "");
  return { action: "s3:GetObject", resource: `arn:aws:s3:::${source.split("?")[0]}`, context: {} };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
function keyRequirements(action: string, bucket: string, place: BucketPlace): Requirement[] {
  const keyId = place.kmsKeyIds.get(bucket);
  const needed: Readonly<Record<string, string>> = {
    "s3:GetObject": "kms:Decrypt",
    "s3:PutObject": "kms:GenerateDataKey",
  };
  const keyAction = needed[action];
  if (keyId === undefined || keyAction === undefined) return [];
  const context = { "kms:viaservice": [`s3.${place.region}.amazonaws.com`], "kms:calleraccount": [place.account] };
  return [{ action: keyAction, resource: keyArnOf(keyId, place.account, place.region), context }];
}

function keysToDelete(request: DoorRequest): string[] {
  const keys = [...request.body.toString("utf8").matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) =>
    unescapeXml(key),
  );
  if (keys.length === 0) throw new AwsError("MalformedXML", "The XML you provided was not well-formed.");
  return keys;
}

function unescapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => entities[name] ?? whole);
}
