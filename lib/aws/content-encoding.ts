import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import type { Readable, Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** An answer's body, unpacked. What was packed in a way that was not asked for stays as it came. */
export function decoded(answer: IncomingMessage): Readable {
  const decoder = isEmpty(answer) ? null : decoderOf(answer.headers["content-encoding"] ?? "");
  if (decoder === null) return answer;
  // The reader meets any error on the stream that it reads.
  return pipeline(answer, decoder, () => {});
}

function isEmpty(answer: IncomingMessage): boolean {
  return answer.statusCode === 204 || answer.statusCode === 304 || answer.headers["content-length"] === "0";
}

function decoderOf(encoding: string): Transform | null {
  // Some servers end a stream without its trailer, and browsers take what came.
  const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  switch (encoding.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip(lenient);
    case "deflate":
      return createInflate(lenient);
    case "br":
      return createBrotliDecompress();
    default:
      return null;
  }
}
