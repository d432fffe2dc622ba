import * as z from "zod";

/** What a function said about its batch. */
export type BatchVerdict =
  | { readonly kind: "failed"; readonly identifiers: ReadonlySet<string> }
  | { readonly kind: "allFailed"; readonly reason: string };

const answer = z.looseObject({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() });

/**
 * Reads a partial batch response as Lambda does: nothing, or no failures, is full success; what cannot be understood
 * fails the whole batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function readBatchResponse(payload: unknown, known: ReadonlySet<string>): BatchVerdict {
  const parsed = answer.nullish().safeParse(payload);
  if (!parsed.success)
    return { kind: "allFailed", reason: "the response is not {batchItemFailures: [{itemIdentifier}]}" };
  const identifiers = new Set((parsed.data?.batchItemFailures ?? []).map((failure) => failure.itemIdentifier));
  if (![...identifiers].every((identifier) => known.has(identifier)))
    return { kind: "allFailed", reason: "an itemIdentifier is of no message in the batch" };
  return { kind: "failed", identifiers };
}
