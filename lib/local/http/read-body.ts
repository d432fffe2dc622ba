import type { IncomingMessage } from "node:http";
import type { Clock } from "../clock.ts";

export type BodyOutcome =
  { readonly kind: "whole"; readonly body: Buffer } | { readonly kind: "tooLarge" } | { readonly kind: "aborted" };

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
export const bodyBytesMax = 10 * 1024 * 1024;

// A client that is still sending would miss the answer if the connection closed under it, so its rest is thrown away
// first, within bounds.
const discardMsMax = 5_000;

/** Reads a request's body; of one over the limit nothing more is kept, and the answer comes when the client has finished. */
export function readBody(
  request: IncomingMessage,
  clock: Clock,
  bytesMax: number = bodyBytesMax,
): Promise<BodyOutcome> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let sizeBytes = 0;
    let tooLarge = false;
    let cancelDiscard: () => void = () => undefined;

    const settle = (outcome: BodyOutcome): void => {
      cancelDiscard();
      resolve(outcome);
    };
    const discard = (): void => {
      tooLarge = true;
      chunks = [];
      cancelDiscard = clock.after(discardMsMax, () => settle({ kind: "tooLarge" }));
    };
    if (Number(request.headers["content-length"] ?? 0) > bytesMax) discard();
    request.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (tooLarge) return;
      if (sizeBytes > bytesMax) discard();
      else chunks.push(chunk);
    });
    request.on("end", () => settle(tooLarge ? { kind: "tooLarge" } : { kind: "whole", body: Buffer.concat(chunks) }));
    request.on("error", () => settle({ kind: "aborted" }));
    request.on("close", () => settle({ kind: "aborted" }));
  });
}
