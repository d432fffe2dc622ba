import { describe, expect, it } from "vitest";
import { candidateOf, formerOf, moved } from "../../../lib/engine/oauth/credential-attempt.ts";
import type { CredentialAttempt } from "../../../lib/engine/oauth/credential-attempt.ts";
import { hashOfState } from "../../../lib/engine/oauth/pkce.ts";
import { startMs } from "../memory/clock.ts";
import { allOf, freshOwner, usePorts } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

let attempts = 0;

/** Of a partner that no other test writes under. */
export function freshAttempt(changes: Partial<CredentialAttempt> = {}): CredentialAttempt {
  attempts += 1;
  return {
    partner: freshOwner().partner,
    attemptId: hashOfState(`state-${attempts}`),
    tenantId: "tenant-1",
    wish: { kind: "connect", name: "Ärger", settings: { region: "eu" } },
    status: { kind: "open", untilMs: startMs + 600_000, sealedVerifier: "sealed" },
    actor: { name: "a key", requestId: "request-1" },
    createdAtMs: startMs,
    revision: 1,
    ...changes,
  };
}

const statuses: readonly CredentialAttempt["status"][] = [
  { kind: "received", sealedCode: "sealed", callback: { realmId: "1" }, exchanges: 1, exchangedAtMs: startMs },
  { kind: "trying", callback: {} },
  { kind: "replacing" },
  { kind: "done", connectionId: "acme_1" },
  { kind: "failed", code: "denied", message: "No." },
];

export function describeAttempts(open: OpenPorts): void {
  describe("attempts at a credential", () => {
    const opened = usePorts(open);
    const port = () => opened().ports.attempts;

    it("come back as they were stored, in every status, and a second create leaves the first", async () => {
      const attempt = freshAttempt();
      expect(await port().read(attempt.partner, attempt.attemptId)).toBeNull();
      expect(await port().create(attempt)).toBe("created");
      expect(await port().create({ ...attempt, tenantId: "another" })).toBe("exists");
      expect(await port().read(attempt.partner, attempt.attemptId)).toEqual(attempt);
      let stored = attempt;
      for (const status of statuses) {
        stored = moved(stored, status);
        expect(await port().compareAndSet(stored)).toBe("stored");
        expect(await port().read(attempt.partner, attempt.attemptId)).toEqual(stored);
      }
    });

    it("move only from the revision that is stored, and for one of many at once", async () => {
      const attempt = freshAttempt({ wish: { kind: "replace", connectionId: "acme_1" } });
      expect(await port().compareAndSet({ ...attempt, revision: 2 })).toBe("superseded");
      await port().create(attempt);
      expect(await port().compareAndSet({ ...attempt, revision: 3 })).toBe("superseded");
      const results = await allOf(6, (index) =>
        port().compareAndSet(moved(attempt, { kind: "failed", code: "x", message: String(index) })),
      );
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      const stored = await port().read(attempt.partner, attempt.attemptId);
      expect(stored?.status).toMatchObject({ message: String(results.indexOf("stored")) });
    });

    it("are each partner's own", async () => {
      const [attempt, other] = [freshAttempt(), freshAttempt()];
      await port().create(attempt);
      expect(await port().read(other.partner, attempt.attemptId)).toBeNull();
    });

    it("forget what is sealed for them, stay themselves, and touch no connection's credential", async () => {
      const { credentials } = opened().ports;
      const [attempt, other] = [freshAttempt(), freshAttempt()];
      const connection = { ...freshOwner(), partner: attempt.partner };
      await port().create(attempt);
      const forgotten = [candidateOf(attempt), formerOf(attempt)];
      const kept = [connection, candidateOf(other), formerOf(other)];
      for (const owner of [...forgotten, ...kept]) await credentials.overwrite(owner, { apiKey: owner.connectionId });
      await port().forget(attempt);
      // Twice: whoever died in between does it again.
      await port().forget(attempt);
      for (const owner of forgotten) expect(await credentials.read(owner, { fresh: true })).toBeNull();
      for (const owner of kept)
        expect((await credentials.read(owner, { fresh: true }))?.fields).toEqual({ apiKey: owner.connectionId });
      expect(await port().read(attempt.partner, attempt.attemptId)).toEqual(attempt);
    });
  });

  describeTenants(open);
}

function describeTenants(open: OpenPorts): void {
  describe("a tenant's attempts", () => {
    const opened = usePorts(open);
    const port = () => opened().ports.attempts;

    it("go with their tenant, with what is sealed for them and as often as it is asked, and no other's", async () => {
      const tenantId = `tenant of ${freshOwner().partner}`;
      const { connections, credentials } = opened().ports;
      const own = [freshAttempt({ tenantId }), freshAttempt({ tenantId })];
      const other = freshAttempt({ tenantId: `${tenantId} and another` });
      for (const attempt of [...own, other]) {
        await port().create(attempt);
        for (const of of [candidateOf(attempt), formerOf(attempt)])
          await credentials.overwrite(of, { apiKey: "a key" });
      }
      expect((await connections.list(tenantId, { limit: 10, cursor: null })).total).toBe(0);
      expect(await port().removeOf(tenantId)).toBe(2);
      expect(await port().removeOf(tenantId)).toBe(0);
      for (const attempt of own) {
        expect(await port().read(attempt.partner, attempt.attemptId)).toBeNull();
        expect(await port().compareAndSet(moved(attempt, { kind: "replacing" }))).toBe("superseded");
        for (const of of [candidateOf(attempt), formerOf(attempt)])
          expect(await credentials.read(of, { fresh: true })).toBeNull();
      }
      expect(await port().read(other.partner, other.attemptId)).toEqual(other);
      expect(await credentials.read(candidateOf(other), { fresh: true })).not.toBeNull();
    });
  });
}
