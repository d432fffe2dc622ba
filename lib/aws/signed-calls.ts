import { createHash } from "node:crypto";
import { AwsClient } from "aws4fetch";
import * as z from "zod";
import type { Clock, Random } from "../engine/ports.ts";
import { EnvironmentError } from "./environment.ts";
import type { Environment, EnvironmentSource, ServiceName } from "./environment.ts";

/*
 * AWS's calls signed by hand, for the one function that a partner waits for: the SDK's clients take longer to load than
 * the call takes to make. Only the calls that ingest needs.
 */

export type JsonService = Extract<ServiceName, "DYNAMODB" | "SQS" | "SECRETS_MANAGER">;

/** The service said no, or nothing: its own code where it gave one. */
export class SignedCallError extends Error {
  readonly code: string;

  constructor(call: string, code: string) {
    super(`${call} failed: ${code}`);
    this.name = "SignedCallError";
    this.code = code;
  }
}

export interface SignedCalls {
  /** Throws `SignedCallError`. */
  json(service: JsonService, operation: string, input: object): Promise<unknown>;
  /** Throws `SignedCallError`. */
  putObject(bucket: string, key: string, body: Uint8Array): Promise<void>;
}

const protocols: Readonly<Record<JsonService, { signedAs: string; host: string; target: string; version: string }>> = {
  DYNAMODB: { signedAs: "dynamodb", host: "dynamodb", target: "DynamoDB_20120810", version: "1.0" },
  SQS: { signedAs: "sqs", host: "sqs", target: "AmazonSQS", version: "1.0" },
  SECRETS_MANAGER: { signedAs: "secretsmanager", host: "secretsmanager", target: "secretsmanager", version: "1.1" },
};

const triesMax = 3;
/** Three tries and their pauses fit into the function's ten seconds. */
const timeoutMs = 2_500;
const backoffMs = 50;

interface World {
  readonly clock: Clock;
  readonly random: Random;
}

interface PreparedCall {
  readonly name: string;
  readonly url: string;
  readonly method: "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly signedAs: string;
}

/** Throws `EnvironmentError` where the function's own credentials are missing. */
export function createSignedCalls(environment: Environment, source: EnvironmentSource, world: World): SignedCalls {
  const client = new AwsClient({ ...credentialsIn(source), region: environment.region });
  const hostOf = (service: string): string => `${service}.${environment.region}.${suffixOf(environment)}`;

  return {
    json(service, operation, input) {
      const { signedAs, host, target, version } = protocols[service];
      return callWithRetries(client, world, {
        name: `${signedAs}:${operation}`,
        url: `${environment.endpoints[service] ?? `https://${hostOf(host)}`}/`,
        method: "POST",
        headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": `${target}.${operation}` },
        body: JSON.stringify(input),
        signedAs,
      });
    },

    async putObject(bucket, key, body) {
      const endpoint = environment.endpoints.S3;
      await callWithRetries(client, world, {
        name: "s3:PutObject",
        url: endpoint === null ? `https://${bucket}.${hostOf("s3")}/${key}` : `${endpoint}/${bucket}/${key}`,
        method: "PUT",
        headers: { "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") },
        body: Uint8Array.from(body),
        signedAs: "s3",
      });
    },
  };
}

async function callWithRetries(client: AwsClient, world: World, call: PreparedCall): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    const answer = await callOnce(client, call);
    if (answer.kind === "ok") return answer.body;
    if (!answer.again || tries >= triesMax) throw new SignedCallError(call.name, answer.code);
    await world.clock.sleep(world.random.unit() * backoffMs * 2 ** tries);
  }
}

type Answer =
  | { readonly kind: "ok"; readonly body: unknown }
  /** Sent again when the service was busy, or when nobody knows whether it took the call: a job twice has one effect. */
  | { readonly kind: "failed"; readonly code: string; readonly again: boolean };

async function callOnce(client: AwsClient, call: PreparedCall): Promise<Answer> {
  const { url, method, headers, body, signedAs } = call;
  try {
    const request = await client.sign(url, { method, headers, body, aws: { service: signedAs } });
    const response = await fetch(request, { signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    if (response.ok) return { kind: "ok", body: text === "" ? null : jsonOf(text) };
    const code = codeOf(text) ?? `HTTP ${response.status}`;
    const busy = response.status >= 500 || response.status === 429 || /throttl|throughput|slowdown/i.test(code);
    return { kind: "failed", code, again: busy };
  } catch (error) {
    return { kind: "failed", code: error instanceof Error ? error.name : "no answer", again: true };
  }
}

const Fault = z.object({ __type: z.string() });

/** `com.amazonaws…#ResourceNotFoundException` → `ResourceNotFoundException`. */
function codeOf(text: string): string | null {
  const fault = Fault.safeParse(jsonOf(text));
  return fault.success ? (fault.data.__type.split("#").at(-1) ?? null) : null;
}

/** S3 answers in XML, of which nothing is read. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `amazonaws.com`, or what it is in other partitions: the queue's host names it. */
function suffixOf(environment: Environment): string {
  const { hostname } = new URL(environment.queueBaseUrl);
  const head = `sqs.${environment.region}.`;
  return hostname.startsWith(head) ? hostname.slice(head.length) : "amazonaws.com";
}

function credentialsIn(source: EnvironmentSource): {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
} {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = source;
  if (accessKeyId === undefined) throw new EnvironmentError([{ key: "AWS_ACCESS_KEY_ID", fault: "is missing" }]);
  if (secretAccessKey === undefined)
    throw new EnvironmentError([{ key: "AWS_SECRET_ACCESS_KEY", fault: "is missing" }]);
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
