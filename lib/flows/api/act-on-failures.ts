import type { Failure } from "../../engine/ports.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { discardFailure } from "../discard-failure.ts";
import { replayFailure } from "../replay-failure.ts";
import { actorOf } from "./actor.ts";
import type { Chosen } from "./choose-failures.ts";
import type { Reply } from "./envelope.ts";
import { failureRefOf } from "./failure-view.ts";
import type { ApiPorts, AuthorisedRequest } from "./request.ts";
import { takenOrUnavailable } from "./taken-or-unavailable.ts";

type Result = { readonly kind: "replaying" | "discarded" } | { readonly kind: "refused"; readonly reason: string };

interface Act {
  readonly run: (ports: ApiPorts, failure: Failure) => Promise<Result>;
  readonly did: string;
  readonly would: string;
  readonly status: 200 | 202;
}

const acts: Readonly<Record<"replay" | "discard", Act>> = {
  replay: { run: replayFailure, did: "replayed", would: "wouldReplay", status: 202 },
  discard: { run: discardFailure, did: "discarded", would: "wouldDiscard", status: 200 },
};

/** Replays or discards what was chosen, one after the other, and says of each what came of it; or what would be tried. */
export async function actOnFailures(
  ports: ApiPorts,
  request: AuthorisedRequest,
  chosen: Chosen,
  action: keyof typeof acts,
): Promise<Reply> {
  const { run, did, would, status } = acts[action];
  const unknown = chosen.unknown.map((id) => ({ id, reason: "there is no such failure" }));
  if (chosen.dryRun) {
    const ids = chosen.failures.map(failureRefOf);
    return { status: 200, data: { [would]: ids, refused: unknown, more: chosen.more } };
  }
  const detail = { count: String(chosen.failures.length) };
  await appendAudit(ports, actorOf(request), `failures.${action}`, chosen.subject, detail);
  const done: string[] = [];
  const refused: { readonly id: string; readonly reason: string }[] = [];
  for (const failure of chosen.failures) {
    const result = await takenOrUnavailable(ports, request, run(ports, failure));
    if (result.kind === "refused") refused.push({ id: failureRefOf(failure), reason: result.reason });
    else done.push(failureRefOf(failure));
  }
  return { status, data: { [did]: done, refused: [...refused, ...unknown], more: chosen.more } };
}
