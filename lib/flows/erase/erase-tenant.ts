import { addRemains, noRemains } from "../../engine/erasure.ts";
import type { Erasure, Remains } from "../../engine/erasure.ts";
import type { CredentialAttempts } from "../../engine/oauth/credential-attempt.ts";
import type { PartnerRegistry, Ports } from "../../engine/ports.ts";
import { wishRevoked } from "../oauth/revoke-credential.ts";
import { eraseConnection, erasureFor } from "./erase-connection.ts";
import type { ErasePorts } from "./erase-connection.ts";

export interface TenantStep {
  readonly done: boolean;
  readonly removed: Remains;
  /** Of the connections that this call worked at. */
  readonly erased: readonly string[];
  readonly unfinished: readonly { readonly connectionId: string; readonly why: string }[];
  /** When it is worth asking again. */
  readonly againAtMs: number;
}

type TenantPorts = ErasePorts &
  Pick<Ports, "lanes"> & {
    readonly partners: PartnerRegistry;
    readonly attempts: Pick<CredentialAttempts, "removeOf">;
  };

const connectionsMax = 100;

/** Erases every connection of a tenant, also those that were deleted before, as far as one call gets; asked again it goes on. */
export async function eraseTenant(ports: TenantPorts, tenantId: string, untilMs: number): Promise<TenantStep> {
  // Before and after those are gone that an attempt may still make: this is asked again until nothing is left.
  const attempts = await ports.attempts.removeOf(tenantId);
  const contended = await markAll(ports, tenantId);
  const marked = await ports.eraser.ofTenant(tenantId, connectionsMax);
  let removed: Remains = addRemains(noRemains, { connection: attempts });
  const erased: string[] = [];
  const unfinished: { connectionId: string; why: string }[] = [...contended];
  let againAtMs = ports.clock.nowMs();
  for (const erasure of marked) {
    const step = await eraseConnection(ports, erasure, untilMs);
    if (step.kind !== "contended") removed = addRemains(removed, step.removed);
    if (step.kind === "done") erased.push(erasure.connectionId);
    else unfinished.push({ connectionId: erasure.connectionId, why: step.kind === "contended" ? step.kind : step.why });
    if (step.kind === "unfinished") againAtMs = Math.max(againAtMs, step.againAtMs);
  }
  // Asked once more: an index is a moment behind, and there may be more connections than one call takes.
  const done = marked.length === 0 && unfinished.length === 0 && attempts === 0;
  return { done, removed, erased, unfinished, againAtMs };
}

/** All of them first, so that they are quiet together. */
async function markAll(
  ports: TenantPorts,
  tenantId: string,
): Promise<readonly { readonly connectionId: string; readonly why: string }[]> {
  const { items } = await ports.connections.list(tenantId, { limit: connectionsMax, cursor: null });
  const left: { connectionId: string; why: string }[] = [];
  for (const { partner, connectionId } of items) {
    const driver = ports.partners.find(partner);
    // The index that lists them may be a moment behind.
    const connection = await ports.connections.read(partner, connectionId);
    if (connection === null) continue;
    // Of a partner that was taken out of the configuration nobody is left who could give a token back.
    if (driver !== null) await wishRevoked(ports, driver, connection);
    if (!(await mark(ports, await erasureFor(ports, driver, connection, "erasing"))))
      left.push({ connectionId, why: "contended" });
  }
  return left;
}

async function mark(ports: ErasePorts, erasure: Erasure): Promise<boolean> {
  return (await ports.eraser.mark(erasure)) === "stored";
}
