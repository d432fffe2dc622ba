import { createHash, createHmac } from "node:crypto";
import { AwsError } from "./aws-error.ts";
import type { DoorRequest } from "./door-request.ts";
import { type Identities, type Identity, sameSecret } from "./identities.ts";

export interface SignedCall {
  readonly identity: Identity;
  readonly service: string;
  readonly region: string;
}

/**
 * Checks an AWS Signature Version 4 in the Authorization header: a client or a hand-made signer that would be refused by AWS
 * is refused here. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @throws {AwsError} 403 with the code AWS answers
 */
export function verifySignature(request: DoorRequest, identities: Identities, nowMs: number): SignedCall {
  const parts = parseAuthorization(request.headers.authorization);
  const identity = identities.find(parts.accessKeyId);
  if (identity === null) {
    throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403);
  }
  checkSessionToken(request, identity);
  const amzDate = request.headers["x-amz-date"] ?? "";
  checkDate(amzDate, parts.date, nowMs);
  const canonical = canonicalRequest(request, parts.signedHeaders, parts.service);
  const scope = `${parts.date}/${parts.region}/${parts.service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical)}`;
  const key = signingKey(identity.secretAccessKey, parts.date, parts.region, parts.service);
  const expected = createHmac("sha256", key).update(toSign).digest("hex");
  if (!sameSecret(expected, parts.signature)) {
    throw new AwsError(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
      403,
    );
  }
  return { identity, service: parts.service, region: parts.region };
}

interface AuthorizationParts {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(header: string | undefined): AuthorizationParts {
  if (header === undefined) {
    throw new AwsError("MissingAuthenticationTokenException", "Request is missing Authentication Token", 403);
  }
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  const [, accessKeyId, date, region, service, signedHeaders, signature] = match ?? [];
  if (!accessKeyId || !date || !region || !service || !signedHeaders || !signature) {
    throw new AwsError(
      "IncompleteSignatureException",
      "Authorization header requires 'AWS4-HMAC-SHA256' with 'Credential', 'SignedHeaders' and 'Signature'.",
      403,
    );
  }
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(";"), signature };
}

/** Temporary credentials are only good with their token, on AWS too: a signer that forgets the header must fail here. */
function checkSessionToken(request: DoorRequest, identity: Identity): void {
  if (identity.sessionToken === null) return;
  if (!sameSecret(identity.sessionToken, request.headers["x-amz-security-token"] ?? "")) {
    throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403);
  }
}

const skewMsMax = 5 * 60_000;

function checkDate(amzDate: string, scopeDate: string, nowMs: number): void {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(amzDate);
  if (match === null || !amzDate.startsWith(scopeDate)) {
    throw new AwsError(
      "SignatureDoesNotMatch",
      "X-Amz-Date must be in ISO8601 basic format and on the date of the scope.",
      403,
    );
  }
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const sentMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  if (Math.abs(nowMs - sentMs) <= skewMsMax) return;
  throw new AwsError("SignatureDoesNotMatch", `Signature expired: ${amzDate} is more than 5 min. away from now.`, 403);
}

function canonicalRequest(request: DoorRequest, signedHeaders: readonly string[], service: string): string {
  const headers = signedHeaders.map((name) => `${name}:${trimmed(request.headers[name] ?? "")}\n`).join("");
  return [
    request.method,
    // S3 signs the path as it is sent; every other service encodes it once more.
    service === "s3" ? request.path : request.path.split("/").map(encodeStrictly).join("/"),
    canonicalQuery(request.query),
    headers,
    signedHeaders.join(";"),
    bodyDigest(request, service),
  ].join("\n");
}

function bodyDigest(request: DoorRequest, service: string): string {
  const declared = request.headers["x-amz-content-sha256"];
  const actual = () => createHash("sha256").update(request.body).digest("hex");
  // Only S3 lets the signer declare that the body is unsigned or signed in chunks.
  if (service === "s3" && declared !== undefined && !/^[0-9a-f]{64}$/.test(declared)) return declared;
  return actual();
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      return [encodeStrictly(decodeURIComponent(name)), encodeStrictly(decodeURIComponent(rest.join("=")))] as const;
    })
    .toSorted(([leftName, leftValue], [rightName, rightValue]) =>
      compareBytes(leftName, rightName) === 0 ? compareBytes(leftValue, rightValue) : compareBytes(leftName, rightName),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function trimmed(value: string): string {
  return value.trim().replace(/ +/g, " ");
}

const signingKeys = new Map<string, Buffer>();
const signingKeysMax = 1_000;

/** Four HMACs a day and service rather than a call. */
function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const cacheKey = `${secret}/${date}/${region}/${service}`;
  const cached = signingKeys.get(cacheKey);
  if (cached !== undefined) return cached;
  const steps = [date, region, service, "aws4_request"];
  const key = steps.reduce<Buffer>(
    (previous, step) => createHmac("sha256", previous).update(step).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  if (signingKeys.size >= signingKeysMax) signingKeys.clear();
  signingKeys.set(cacheKey, key);
  return key;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
