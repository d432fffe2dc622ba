import type { DoorResponse, ServiceCall } from "./front-door/door-request.ts";
import type { LocalLogLine } from "./log.ts";

/** Sees what functions say and to whom, as it is said: for whoever looks for what must never be said. */
export interface Onlooker {
  /** A call that a service is about to be asked, also when it will be refused. */
  asked(call: ServiceCall): void;
  /** What the service answered. */
  answered(call: ServiceCall, response: DoorResponse): void;
  /** What a client of the HTTP API gets. */
  told(
    client: { readonly method: string; readonly path: string },
    answer: { readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer },
  ): void;
  /** A line of a function's log, or of the stack's own. */
  line(line: LocalLogLine): void;
}
