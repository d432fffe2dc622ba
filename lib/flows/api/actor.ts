import type { Actor } from "../connections/append-audit.ts";
import type { ApiRequest } from "./request.ts";

/** There is one key, so it is all that the audit log can tell of who it was. */
export function actorOf(request: ApiRequest): Actor {
  return { name: "api-key", requestId: request.requestId };
}
