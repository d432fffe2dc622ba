import { parseJson } from "../../engine/parse-json.ts";
import { problem } from "./problem.ts";

/** Far above what any call needs, far below what would cost memory to parse. */
export const bodyBytesMax = 256 * 1024;

/** The body as JSON; an empty one is an empty object, so that calls whose fields are all optional need none. */
export function readBody(body: Uint8Array): unknown {
  const parsed = parseJson(body);
  switch (parsed.kind) {
    case "json":
      return parsed.body;
    case "empty":
      return {};
    case "unreadable":
      // What the parser says is not shown: it quotes the body, which may hold a credential.
      throw problem(400, "body-not-json", "The body is not JSON in UTF-8, or nests too deep.");
  }
}
