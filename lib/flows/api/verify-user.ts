import type { KeyCache } from "../../engine/signatures/key-cache.ts";
import { judgeUserToken } from "../../engine/user-token.ts";
import type { UserPool } from "../../engine/user-token.ts";
import type { Ports } from "../../engine/ports.ts";
import type { KeyVerdict, VerifyApiKey } from "./access.ts";
import { problem } from "./problem.ts";

export interface UserPorts extends Pick<Ports, "clock" | "log"> {
  readonly pool: UserPool;
  /** The pool's published keys. */
  readonly poolKeys: KeyCache;
}

/** Whether what was presented is a token of three parts, and no key. */
export function isToken(presented: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(presented);
}

/** Knows the users of a pool by their tokens. Throws the 503 where the pool's keys cannot be had. */
export function createUserVerifier(ports: UserPorts): VerifyApiKey {
  const judge = (token: string) =>
    judgeUserToken(token, ports.pool, ports.clock.nowMs(), (id) => ports.poolKeys.find(id));
  return async (token) => {
    const first = judge(token);
    if (first.kind === "unknown-key") await load(ports, first.wanted);
    return verdictOf(first.kind === "unknown-key" ? judge(token) : first);
  };
}

async function load(ports: UserPorts, keyId: string): Promise<void> {
  try {
    await ports.poolKeys.load(keyId);
  } catch (error) {
    ports.log.error("the user pool's keys could not be read", { error });
    throw problem(503, "unavailable", "The user pool's keys could not be read just now; ask again.");
  }
}

function verdictOf(verdict: ReturnType<typeof judgeUserToken>): KeyVerdict {
  switch (verdict.kind) {
    case "user": {
      const { subject, role, tenantId } = verdict;
      return { kind: "known", access: { id: `user_${subject}`, name: "a user", role, tenantId } };
    }
    case "refused":
      return { kind: "refused", why: verdict.why === "expired" ? "expired-token" : "wrong-token" };
    case "unknown-key":
      return { kind: "refused", why: "wrong-token" };
  }
}
