import type { Failure, Ports } from "../engine/ports.ts";

export type DiscardResult = { readonly kind: "discarded" } | { readonly kind: "refused"; readonly reason: string };

/** Closes a failure that nobody wants tried again; it stays to be looked at until its time is up. */
export async function discardFailure(
  ports: Pick<Ports, "clock" | "failures">,
  failure: Failure,
): Promise<DiscardResult> {
  const moved = await ports.failures.move(failure, ["open", "replaying"], "discarded", ports.clock.nowMs());
  return moved === "moved" ? { kind: "discarded" } : { kind: "refused", reason: "it is closed already" };
}
