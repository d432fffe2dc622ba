import { randomUUID } from "node:crypto";
import type { AwsError } from "./aws-error.ts";
import type { DoorResponse, ServiceAnswer } from "./door-request.ts";

/** How each service writes its answers. */
const protocols: Readonly<Record<string, "json-1.0" | "json-1.1" | "rest-json" | "rest-xml" | "query">> = {
  sqs: "json-1.0",
  dynamodb: "json-1.0",
  secretsmanager: "json-1.1",
  kms: "json-1.1",
  events: "json-1.1",
  scheduler: "rest-json",
  lambda: "rest-json",
  s3: "rest-xml",
  sns: "query",
  sts: "query",
};

/** Writes an answer in the protocol of its service. */
export function renderAnswer(service: string, answer: ServiceAnswer): DoorResponse {
  if (answer.kind === "raw") return answer.response;
  return {
    status: 200,
    headers: { "content-type": contentType(service), "x-amzn-requestid": randomUUID() },
    body: JSON.stringify(answer.output),
  };
}

/** Writes an error in the protocol of its service, so that the SDK client raises its own error class. */
export function renderError(service: string, error: AwsError): DoorResponse {
  const headers: Record<string, string> = { "content-type": contentType(service), "x-amzn-requestid": randomUUID() };
  const protocol = protocols[service] ?? "json-1.0";
  if (protocol === "rest-xml") return { status: error.status, headers, body: errorXml(error, false) };
  if (protocol === "query") return { status: error.status, headers, body: errorXml(error, true) };
  headers["x-amzn-errortype"] = error.code;
  // The SDK's SQS client reads the code that the older query protocol used from this header.
  if (service === "sqs") headers["x-amzn-query-error"] = `${queryCodeOf(error.code)};Sender`;
  const body = { __type: error.code, message: error.message, Message: error.message, ...error.details };
  return { status: error.status, headers, body: JSON.stringify(body) };
}

function contentType(service: string): string {
  const protocol = protocols[service] ?? "json-1.0";
  if (protocol === "rest-xml" || protocol === "query") return "text/xml";
  return protocol === "rest-json" ? "application/json" : `application/x-amz-${protocol}`;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html: some codes were renamed with the JSON protocol. */
function queryCodeOf(code: string): string {
  const renamed: Readonly<Record<string, string>> = {
    QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
    QueueNameExists: "QueueAlreadyExists",
    EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
    TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
    MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
  };
  return renamed[code] ?? code;
}

function errorXml(error: AwsError, wrapped: boolean): string {
  const code = escapeXml(error.code);
  const message = escapeXml(error.message);
  const requestId = `<RequestId>${randomUUID()}</RequestId>`;
  const head = `<?xml version="1.0" encoding="UTF-8"?>`;
  if (!wrapped) return `${head}<Error><Code>${code}</Code><Message>${message}</Message>${requestId}</Error>`;
  return `${head}<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>${requestId}</ErrorResponse>`;
}

export function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
