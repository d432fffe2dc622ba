import { AwsError } from "./aws-error.ts";
import type { DoorRequest, Understood } from "./door-request.ts";

/** Reads a call of AWS's JSON protocols: the operation is in a header, the input is the body. */
export function understandJsonTarget(request: DoorRequest): Understood {
  const target = request.headers["x-amz-target"] ?? "";
  const operation = target.slice(target.lastIndexOf(".") + 1);
  if (operation === "") throw unknownOperation(`${request.method} ${request.path}`);
  return { operation, input: parseJsonObject(request.body) };
}

export function parseJsonObject(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    throw new AwsError("SerializationException", "The request body is not valid JSON.");
  }
  if (!isRecord(parsed)) throw new AwsError("SerializationException", "The request body is not a JSON object.");
  return parsed;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member as text; anything but a string is nothing. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What a call gets that the local stack has no mapping for: a clear refusal, never a pass. */
export function unknownOperation(operation: string): AwsError {
  return new AwsError("UnknownOperationException", `The local stack does not offer the operation ${operation}.`);
}
