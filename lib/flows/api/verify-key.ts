import { apiKeyIdIn, expiresSoon, hasDigest, standingOf, useNotedEveryMs } from "../../engine/api-key.ts";
import type { ApiKey, ApiKeys } from "../../engine/api-key.ts";
import type { Ports } from "../../engine/ports.ts";
import { credentialAlerts } from "../oauth/note-renewal.ts";
import type { Access, KeyVerdict, VerifyApiKey } from "./access.ts";
import { isToken } from "./verify-user.ts";

/** The key of the stage's secret, with which all others are made. */
export const firstKey: Access = { id: "first", name: "the first key", role: "admin", tenantId: null };

export interface KeyPorts extends Pick<Ports, "clock" | "log" | "metrics"> {
  readonly keys: Pick<ApiKeys, "find" | "noteUse">;
  readonly isFirstKey: (presented: string) => Promise<boolean>;
  /** null: the stage has no user pool. */
  readonly verifyUser: VerifyApiKey | null;
}

/** Knows the keys that were made through the API, the first one, and users where the stage has a pool of them. */
export function createKeyVerifier(ports: KeyPorts): VerifyApiKey {
  return async (presented) => {
    if (ports.verifyUser !== null && isToken(presented)) return ports.verifyUser(presented);
    const id = apiKeyIdIn(presented);
    const key = id === null ? null : await ports.keys.find(id);
    if (key !== null && hasDigest(presented, key.digest)) return verdictOn(ports, key);
    return (await ports.isFirstKey(presented))
      ? { kind: "known", access: firstKey }
      : { kind: "refused", why: "wrong" };
  };
}

async function verdictOn(ports: KeyPorts, key: ApiKey): Promise<KeyVerdict> {
  const nowMs = ports.clock.nowMs();
  const standing = standingOf(key, nowMs);
  if (standing !== "active") return { kind: "refused", why: standing };
  if (key.lastUsedAtMs === null || key.lastUsedAtMs <= nowMs - useNotedEveryMs) {
    warnOfEnd(ports, key, nowMs);
    // When a key was last used is worth no refused call.
    await ports.keys.noteUse(key.id, nowMs).catch((error: unknown) => {
      ports.log.warn("the use of a key could not be noted", { keyId: key.id, error });
    });
  }
  const { id, name, role, tenantId } = key;
  return { kind: "known", access: { id, name, role, tenantId } };
}

const dayMs = 86_400_000;

/** Of a key that somebody still uses and that ends soon, once a day. */
function warnOfEnd(ports: KeyPorts, key: ApiKey, nowMs: number): void {
  const isFirstToday = key.lastUsedAtMs === null || Math.floor(key.lastUsedAtMs / dayMs) < Math.floor(nowMs / dayMs);
  if (!isFirstToday || !expiresSoon(key, nowMs)) return;
  ports.metrics.count(credentialAlerts, 1, {});
  ports.log.warn("a key of the API ends soon and is in use: make another", { keyId: key.id, name: key.name });
}
