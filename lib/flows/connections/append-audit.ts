import type { Ports } from "../../engine/ports.ts";

/** Who did it, as far as the API knows: the key that was used and the call's id. */
export interface Actor {
  readonly name: string;
  readonly requestId: string;
}

/**
 * Written before the change that it tells of: an entry for a change that then failed can be explained, a change without
 * an entry cannot. `detail` names what is changed and never holds a secret's value.
 */
export async function appendAudit(
  ports: Pick<Ports, "audit" | "clock" | "random">,
  actor: Actor,
  action: string,
  subject: string,
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  await ports.audit.append({
    atMs: ports.clock.nowMs(),
    id: ports.random.id(),
    actor: actor.name,
    action,
    subject,
    detail: { ...detail, requestId: actor.requestId },
  });
}
