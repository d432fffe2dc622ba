import type { Actor } from "../connections/append-audit.ts";
import type { AuthorisedRequest } from "./request.ts";

/** Who did it, for the audit log: the key's id, which is nobody else's, and the name that people know it by. */
export function actorOf({ access, requestId }: AuthorisedRequest): Actor {
  return { name: `${access.id} (${access.name})`, requestId };
}
