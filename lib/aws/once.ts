import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyValidationError,
  makeIdempotent,
} from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";

export type Once<Answer> = (
  key: { readonly key: string; readonly fingerprint: string },
  effect: () => Promise<Answer>,
) => Promise<
  | { readonly kind: "answered"; readonly response: Answer; readonly replayed: boolean }
  | { readonly kind: "in-progress" }
  | { readonly kind: "reused" }
>;

/** A day, as long as callers keep trying one call. */
const expiresAfterSeconds = 86_400;

/**
 * Powertools idempotency for calls that name themselves: the first answer is kept under the key and given again. An
 * effect that throws leaves no mark; one that was cut off holds its key until its function's time is up.
 *
 * @param keyPrefix parts these keys from others in the table
 */
export function createOnce<Answer>(
  client: DynamoDBClient,
  tableName: string,
  keyPrefix: string,
): (invocation: Context) => Once<Answer> {
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client });
  return (invocation) => async (key, effect) => {
    const config = new IdempotencyConfig({
      eventKeyJmesPath: "key",
      payloadValidationJmesPath: "fingerprint",
      hashFunction: "sha256",
      expiresAfterSeconds,
      throwOnNoIdempotencyKey: true,
    });
    config.registerLambdaContext(invocation);
    let replayed = true;
    const run = async (_key: typeof key): Promise<Answer> => {
      replayed = false;
      return effect();
    };
    const guarded = makeIdempotent(run, { persistenceStore, config, keyPrefix, dataIndexArgument: 0 });
    try {
      const response = await guarded(key);
      return { kind: "answered", response, replayed };
    } catch (error) {
      if (error instanceof IdempotencyAlreadyInProgressError) return { kind: "in-progress" };
      if (error instanceof IdempotencyValidationError) return { kind: "reused" };
      throw error;
    }
  };
}
