import { problem } from "./problem.ts";
import type { ApiPorts, ApiRequest } from "./request.ts";

/** For work that ends on a queue: when the queue does not take it, the caller is told to ask again, not that we are broken. */
export async function takenOrUnavailable<T>(
  ports: Pick<ApiPorts, "log">,
  request: ApiRequest,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    ports.log.error("an API call could not hand its work on", { requestId: request.requestId, error });
    throw problem(
      503,
      "unavailable",
      "The work could not be handed on just now; ask again with the same Idempotency-Key.",
    );
  }
}
