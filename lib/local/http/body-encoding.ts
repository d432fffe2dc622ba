import { isUtf8 } from "node:buffer";

export interface EncodedBody {
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

// Tried on AWS by others, as the guide does not list them; even application/x-www-form-urlencoded counts as binary.
// https://github.com/ministackorg/ministack/pull/766
const textTypes = new Set(["application/json", "application/javascript", "application/xml"]);

/**
 * The body as an HTTP API hands it to a function: text types as they are, everything else in Base64.
 * Bytes that are not UTF-8 go in Base64 too: whatever the content type claims, a signature covers the bytes.
 */
export function encodeBody(bytes: Buffer, contentType: string | undefined): EncodedBody {
  if (bytes.length === 0) return { isBase64Encoded: false };
  if (isTextType(contentType) && isUtf8(bytes)) return { body: bytes.toString("utf8"), isBase64Encoded: false };
  return { body: bytes.toString("base64"), isBase64Encoded: true };
}

function isTextType(contentType: string | undefined): boolean {
  const essence = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return essence.startsWith("text/") || textTypes.has(essence);
}
