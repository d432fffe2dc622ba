import { problem } from "./problem.ts";

/** Far above what any call needs, far below what would cost memory to parse. */
export const bodyBytesMax = 256 * 1024;

/** The body as JSON; an empty one is an empty object, so that calls whose fields are all optional need none. */
export function readBody(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    // The parser's own message quotes the body, which may hold a credential.
    throw problem(400, "body-not-json", "The body is not JSON in UTF-8.");
  }
}
